#include "app/housekeeping.h"

namespace imp::app {

Housekeeping::Housekeeping(Milliseconds every, std::function<void()> work)
    : work_(std::move(work)) {
  thread_ = std::thread([this, every] {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, every, [this] { return stopping_; })) {
      lock.unlock();
      work_();
      lock.lock();
    }
    lock.unlock();
    work_();
  });
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
