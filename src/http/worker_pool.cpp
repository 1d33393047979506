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
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      const bool thread_free = queue_.size() < idle_ || threads_.size() < thread_limit_;
      if (!thread_free && queue_.size() >= queue_limit_) return false;
      enqueue(std::move(job));
      return true;
    }
  }
  job(true);
  return true;
}

void WorkerPool::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      enqueue(std::move(job));
      return;
    }
  }
  job(true);
}

void WorkerPool::enqueue(Job job) {
  queue_.push_back(std::move(job));
  work_.notify_one();
  if (queue_.size() <= idle_ || threads_.size() >= thread_limit_) return;
  try {
    threads_.emplace_back([this] { run(); });
  } catch (const std::system_error&) {
    // The system gives no more threads; those that run will get to the job.
  }
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
    }
    if (queue_.empty()) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    const bool cancelled = stopping_;
    lock.unlock();
    job(cancelled);
    job = nullptr;
    lock.lock();
  }
}

}  // namespace imp::http
