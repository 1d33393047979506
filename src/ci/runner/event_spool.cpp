#include "ci/runner/event_spool.h"

namespace imp::ci::runner {

namespace {

/// Larger pieces of output are cut, so that a batch never exceeds its limit by much.
constexpr std::size_t largest_piece = 64 * 1024;

}  // namespace

void EventSpool::add(decltype(Event::what) what) {
  std::lock_guard lock(mutex_);
  events_.push_back({++last_, to_milliseconds(clock_->now()), std::move(what)});
  changed_.notify_all();
}

void EventSpool::add_output(std::uint32_t step, std::string_view bytes) {
  if (bytes.empty()) return;
  std::lock_guard lock(mutex_);
  if (!events_.empty() && events_.back().sequence > handed_out_) {
    auto* output = std::get_if<StepOutput>(&events_.back().what);
    if (output != nullptr && output->step == step && output->bytes.size() < largest_piece) {
      const std::string_view fitting = bytes.substr(0, largest_piece - output->bytes.size());
      output->bytes += fitting;
      bytes.remove_prefix(fitting.size());
    }
  }
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, largest_piece);
    events_.push_back(
        {++last_, to_milliseconds(clock_->now()), StepOutput{step, std::string(piece)}});
    bytes.remove_prefix(piece.size());
  }
  changed_.notify_all();
}

std::vector<Event> EventSpool::next(Milliseconds wait, std::size_t byte_limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [&] { return !events_.empty(); });
  std::vector<Event> out;
  std::size_t bytes = 0;
  for (const Event& event : events_) {
    if (!out.empty() && bytes >= byte_limit) break;
    out.push_back(event);
    if (const auto* output = std::get_if<StepOutput>(&event.what)) bytes += output->bytes.size();
    bytes += 100;  // the event's own members
  }
  if (!out.empty()) handed_out_ = std::max(handed_out_, out.back().sequence);
  return out;
}

bool EventSpool::accept(std::uint64_t sequence) {
  std::lock_guard lock(mutex_);
  if (sequence < accepted_ || sequence > handed_out_) return false;
  accepted_ = sequence;
  while (!events_.empty() && events_.front().sequence <= sequence) events_.pop_front();
  changed_.notify_all();
  return true;
}

bool EventSpool::wait_until_empty(Milliseconds wait) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, wait, [&] { return events_.empty(); });
}

}  // namespace imp::ci::runner
