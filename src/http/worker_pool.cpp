#include "http/worker_pool.h"

#include <algorithm>
#include <system_error>

namespace imp::http {

WorkerPool::WorkerPool(unsigned threads, std::size_t queue_limit)
    : thread_limit_(std::max(1U, threads)), queue_limit_(queue_limit) {
  threads_.emplace_back([this] { run(); });
}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::try_post(Job& job) {
  std::unique_lock lock(mutex_);
  const bool thread_free = queue_.size() < idle_ || threads_.size() < thread_limit_;
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
  if (queue_.size() > idle_ && threads_.size() < thread_limit_) {
    try {
      threads_.emplace_back([this] { run(); });
    } catch (const std::system_error&) {
      // The system gives no more threads; those that run will get to the job.
    }
  }
  wake_one(lock);
}

void WorkerPool::wake_one(std::unique_lock<std::mutex>& lock) {
  const bool wanted = !waking_ && idle_ > 0 && !queue_.empty();
  if (wanted) waking_ = true;
  lock.unlock();  // first: on the same core, the woken thread would run into the lock at once
  if (wanted) work_.notify_one();
}

void WorkerPool::stop() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  work_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void WorkerPool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    while (queue_.empty() && !stopping_) {
      ++idle_;
      work_.wait(lock);
      --idle_;
      waking_ = false;
    }
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
