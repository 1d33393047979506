#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "http/waiters.h"
#include "registry/staging/stage_events.h"

namespace imp::registry {

/// Topics of http::Waiters: of one release, notified when it is decided …
std::string stage_topic(std::string_view id);
/// … and of what a filter lets through, notified at each of its events.
std::string stage_events_topic(const StageEventFilter& filter);

/// Wakes who waits for staged releases and who listens to them, and counts the listeners.
/// Thread-safe.
class StageFeed {
 public:
  static constexpr int kMostStreams = 10;  ///< of one person

  /// Something happened to a release of this package, and is durable.
  void changed(http::Waiters& waiters, std::string_view package_name);
  /// How often something did. Read it before looking at the events: while it stays the same there
  /// are no others, and nobody has to ask the database.
  std::uint64_t changes() const { return changes_; }

  /// A place for one more stream of this person, until the handle is gone; null when they have as
  /// many as one may.
  static std::shared_ptr<const void> take_seat(const std::shared_ptr<StageFeed>& feed,
                                               const std::string& person);

 private:
  std::atomic<std::uint64_t> changes_ = 0;
  std::mutex mutex_;
  std::map<std::string, int> streams_;  ///< by person; those who have any
};

}  // namespace imp::registry
