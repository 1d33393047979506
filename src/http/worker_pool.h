#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace imp::http {

/// Threads that run handlers, behind a queue of limited length. One thread runs from the
/// start, the others are started when work comes, up to the limit, and then stay. At most one is on
/// its way out of its sleep; when it finds more than it takes, it wakes the next. So a burst of
/// short jobs is done by a few threads, and of long ones by all.
class WorkerPool {
 public:
  /// `cancelled` is true when the pool is stopping: the job must then finish at once. Must not
  /// throw.
  using Job = std::move_only_function<void(bool cancelled)>;

  WorkerPool(unsigned threads, std::size_t queue_limit);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Runs the job on a worker, or returns false (leaving `job` as it was) when the queue is full.
  bool try_post(Job& job);
  /// Runs the job on a worker however long the queue is: for clean-up that must happen.
  void post(Job job);
  /// Runs what is still queued as cancelled, waits for running jobs, joins. Later posts run at once
  /// on the caller's thread, cancelled.
  void stop();

 private:
  void enqueue(Job job, std::unique_lock<std::mutex> lock);
  void wake_one(std::unique_lock<std::mutex>& lock);
  void run();

  const unsigned thread_limit_;
  const std::size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Job> queue_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool waking_ = false;  ///< a worker was notified and does not run yet
  bool stopping_ = false;
};

}  // namespace imp::http
