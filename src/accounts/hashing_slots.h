#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace imp::accounts {

/// How many passwords are hashed at once, and how many threads may wait for their turn. Argon2id
/// takes 64 MB for each: a flood of sign-ins must take neither all memory nor all workers.
/// Thread-safe.
class HashingSlots {
 public:
  HashingSlots(int free, int most_waiting) : free_(free), most_waiting_(most_waiting) {}

  /// False when none became free in time, and at once when enough others wait already. After true,
  /// release() must follow.
  bool acquire(std::chrono::milliseconds wait_at_most) {
    std::unique_lock lock(mutex_);
    if (free_ == 0 && waiting_ >= most_waiting_) return false;
    ++waiting_;
    const bool freed = freed_.wait_for(lock, wait_at_most, [&] { return free_ > 0; });
    --waiting_;
    if (freed) --free_;
    return freed;
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      ++free_;
    }
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  int free_;
  int waiting_ = 0;
  const int most_waiting_;
};

}  // namespace imp::accounts
