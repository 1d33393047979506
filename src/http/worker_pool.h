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
/// its way out of its sleep; when it finds more than it takes, it wakes the next. The one that fell
/// asleep last is woken first. So a burst of short jobs is done by a few threads, always the same,
/// whose memory is still in the caches, and of long ones by all.
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
  /// A thread of the pool.
  struct Worker {
    std::thread thread = {};
    std::condition_variable called = {};
    bool awake = true;
  };

  void start_worker();
  std::size_t idle() const { return asleep_.size() + (waking_ ? 1 : 0); }
  void enqueue(Job job, std::unique_lock<std::mutex> lock);
  void wake_one(std::unique_lock<std::mutex>& lock);
  void sleep(Worker& self, std::unique_lock<std::mutex>& lock);
  void run(Worker& self);

  const unsigned thread_limit_;
  const std::size_t queue_limit_;
  std::mutex mutex_;
  std::deque<Job> queue_;
  std::deque<Worker> workers_;   // none moves or goes before the pool
  std::vector<Worker*> asleep_;  ///< in the order in which they fell asleep
  bool waking_ = false;          ///< a worker was called and does not run yet
  bool stopping_ = false;
};

}  // namespace imp::http
