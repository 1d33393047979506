#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace imp::registry {

/// Which publishes this process has answered with success lately. npm repeats a publish by itself
/// when it got no answer or a 5xx, and that repetition must succeed; a person who publishes the
/// same version again must be told that it is there. The difference is whether the first one was
/// answered. Thread-safe, bounded by time.
class RecentPublishes {
 public:
  explicit RecentPublishes(const Clock& clock) : clock_(clock) {}

  void answered(std::string_view name, std::string_view version);
  bool was_answered(std::string_view name, std::string_view version) const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Time, std::less<>> answered_;
  std::deque<decltype(answered_)::iterator> by_age_;  ///< oldest first: publishing stays cheap
};

}  // namespace imp::registry
