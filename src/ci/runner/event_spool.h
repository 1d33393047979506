#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ci/runner/protocol.h"

namespace imp::ci::runner {

/// The job's events until the server has them: numbers them, joins small pieces of output while
/// they wait, and keeps every event until its number is accepted. Thread-safe.
class EventSpool {
 public:
  explicit EventSpool(const Clock& clock) : clock_(&clock) {}

  void add(decltype(Event::what) what);
  void add_output(std::uint32_t step, std::string_view bytes);

  /// The events to send now, from the first that is not accepted, up to about `byte_limit` of
  /// output. Waits up to `wait` for one to come. Empty: none came, or all is accepted. What was
  /// handed out is never changed afterwards: sending it again says the same.
  std::vector<Event> next(Milliseconds wait, std::size_t byte_limit);

  /// The server has everything up to this number. False when that cannot be: it names an event that
  /// was never sent, or takes back what it accepted before.
  bool accept(std::uint64_t sequence);

  /// Waits until everything is accepted; false when the time is over first.
  bool wait_until_empty(Milliseconds wait);

 private:
  const Clock* clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;
  std::uint64_t last_ = 0;        ///< number of the newest event
  std::uint64_t handed_out_ = 0;  ///< number of the newest event that may be on its way
  std::uint64_t accepted_ = 0;
};

}  // namespace imp::ci::runner
