#include "http/worker_pool.h"

#include <algorithm>
#include <system_error>

namespace imp::http {

WorkerPool::WorkerPool(unsigned threads, std::size_t queue_limit)
    : thread_limit_(std::max(1U, threads)), queue_limit_(queue_limit) {
  start_worker();
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::start_worker() {
  Worker& worker = workers_.emplace_back();
  try {
    worker.thread = std::thread([this, &worker] { run(worker); });
  } catch (...) {
    workers_.pop_back();
    throw;
  }
}

bool WorkerPool::try_post(Job& job) {
  std::unique_lock lock(mutex_);
  const bool thread_free = queue_.size() < idle() || workers_.size() < thread_limit_;
  if (!stopping_ && !thread_free && queue_.size() >= queue_limit_) return false;
  enqueue(std::move(job), std::move(lock));
  return true;
}

void WorkerPool::post(Job job) { enqueue(std::move(job), std::unique_lock(mutex_)); }

void WorkerPool::enqueue(Job job, std::unique_lock<std::mutex> lock) {
  if (stopping_) {
    lock.unlock();
    return job(true);
  }
  queue_.push_back(std::move(job));
  if (queue_.size() > idle() && workers_.size() < thread_limit_) {
    try {
      start_worker();
    } catch (const std::system_error&) {
      // The system gives no more threads; those that run will get to the job.
    }
  }
  wake_one(lock);
}

void WorkerPool::wake_one(std::unique_lock<std::mutex>& lock) {
  Worker* woken = nullptr;
  if (!waking_ && !asleep_.empty() && !queue_.empty()) {
    woken = asleep_.back();
    asleep_.pop_back();
    waking_ = woken->awake = true;
  }
  lock.unlock();  // first: on the same core, the woken thread would run into the lock at once
  if (woken != nullptr) woken->called.notify_one();
}

void WorkerPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  // Nobody starts a worker any more.
  for (Worker& worker : workers_) worker.called.notify_one();
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();
  }
}

void WorkerPool::sleep(Worker& self, std::unique_lock<std::mutex>& lock) {
  self.awake = false;
  asleep_.push_back(&self);
  self.called.wait(lock, [&] { return self.awake || stopping_; });
  if (self.awake) waking_ = false;
  self.awake = true;
}

void WorkerPool::run(Worker& self) {
  std::unique_lock lock(mutex_);
  while (true) {
    while (queue_.empty() && !stopping_) sleep(self, lock);
    if (queue_.empty()) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    const bool cancelled = stopping_;
    wake_one(lock);
    job(cancelled);
    job = nullptr;
    lock.lock();
  }
}

}  // namespace imp::http
