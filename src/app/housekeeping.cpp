#include "app/housekeeping.h"

namespace imp::app {

Housekeeping::Housekeeping(Milliseconds every, std::function<void()> work, Log& log)
    : work_(std::move(work)), log_(log) {
  thread_ = std::thread([this, every] {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, every, [this] { return stopping_; })) {
      lock.unlock();
      run_once();
      lock.lock();
    }
    lock.unlock();
    run_once();
  });
}

void Housekeeping::run_once() {
  try {
    work_();
  } catch (const std::exception& thrown) {
    log_.error("housekeeping failed", {{"error", thrown.what()}});
  }
}

Housekeeping::~Housekeeping() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

}  // namespace imp::app
