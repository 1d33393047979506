#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace imp::accounts {

/// How many passwords are hashed at once. Argon2id takes 64 MB for each: a flood of sign-ins must
/// not take all memory. Thread-safe.
class HashingSlots {
 public:
  explicit HashingSlots(int free) : free_(free) {}

  /// False when none became free in time. After true, release() must follow.
  bool acquire(std::chrono::milliseconds wait_at_most) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_for(lock, wait_at_most, [&] { return free_ > 0; })) return false;
    --free_;
    return true;
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
};

}  // namespace imp::accounts
