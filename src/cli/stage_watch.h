#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "cli/event_reader.h"
#include "cli/registry.h"

namespace imp::cli {

/// What of the stream of staged releases is printed, and how.
struct WatchOptions {
  std::string package, scope;  ///< one of them, or neither
  std::string after;           ///< id of the event to go on after; empty: from now on
  bool json = false;           ///< a JSON object for each line: {"id", "event", "data"}
  /// Told once of each time that the registry is away and will be asked again.
  std::function<void(const Failure&)> away = {};
};

/// Prints the events of staged releases that the caller may decide, each as a line at once, and
/// asks again, after the last one, when the stream ends or the registry is away: nothing is lost
/// and nothing printed twice, but for what the registry calls a gap. Returns when it is refused, or
/// when `pause` says so.
class StageWatch {
 public:
  /// Sleeps; false ends the watch.
  using Pause = std::function<bool(Milliseconds)>;

  StageWatch(const Registry& registry, WatchOptions options, std::ostream& out, Pause pause);

  /// Why it ended.
  Failure run();

 private:
  /// One stream, until it ends; nothing when it ended as streams do.
  Result<void> listen();
  void print(const StreamEvent& event);

  const Registry& registry_;
  const WatchOptions options_;
  std::ostream& out_;
  const Pause pause_;
  EventReader reader_;
  bool heard_ = false;  ///< anything, since the last pause
};

}  // namespace imp::cli
