#include "http/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>

namespace imp::http {
namespace {

TEST(WorkerPool, RefusesBeyondItsQueue) {
  WorkerPool pool(2, 3);
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> ran = 0;
  int accepted = 0;
  for (int i = 0; i < 10; ++i) {
    WorkerPool::Job job = [&ran, open](bool) {
      open.wait();
      ++ran;
    };
    if (pool.try_post(job)) ++accepted;
  }
  // Two run, three wait; a job that a thread has not yet picked up may count as either.
  EXPECT_GE(accepted, 3);
  EXPECT_LE(accepted, 5);
  gate.set_value();
  pool.stop();
  EXPECT_EQ(ran, accepted);
}

TEST(WorkerPool, MustJobsIgnoreTheLimit) {
  WorkerPool pool(1, 0);
  std::atomic<int> ran = 0;
  for (int i = 0; i < 100; ++i) pool.post([&](bool) { ++ran; });
  pool.stop();
  EXPECT_EQ(ran, 100);
}

TEST(WorkerPool, StopCancelsWhatWaitsAndWaitsForWhatRuns) {
  WorkerPool pool(1, 10);
  std::promise<void> started, gate;
  std::atomic<int> cancelled = 0;
  std::atomic<bool> finished = false;
  pool.post([&](bool) {
    started.set_value();
    gate.get_future().wait();
    finished = true;
  });
  started.get_future().wait();
  for (int i = 0; i < 5; ++i) pool.post([&](bool stopped) { cancelled += stopped ? 1 : 0; });
  std::thread opener([&] { gate.set_value(); });
  pool.stop();
  opener.join();
  EXPECT_TRUE(finished);
  int late = 0;
  pool.post([&](bool stopped) { late = stopped ? 1 : 2; });
  EXPECT_EQ(late, 1);
}

TEST(WorkerPool, JobsThatBlockAreRunByAllThreads) {
  WorkerPool pool(8, 100);
  std::latch all_run(8);
  for (int i = 0; i < 8; ++i) {
    pool.post([&](bool) { all_run.arrive_and_wait(); });  // each waits for the seven others
  }
  all_run.wait();
  // And again, when all of them sleep.
  std::latch again(8);
  for (int i = 0; i < 8; ++i) pool.post([&](bool) { again.arrive_and_wait(); });
  again.wait();
  pool.stop();
}

TEST(WorkerPool, ManyPostersLoseNothing) {
  WorkerPool pool(8, 1 << 20);
  std::atomic<int> ran = 0;
  std::vector<std::thread> posters;
  for (int i = 0; i < 4; ++i) {
    posters.emplace_back([&] {
      for (int j = 0; j < 2000; ++j) pool.post([&](bool) { ++ran; });
    });
  }
  for (std::thread& poster : posters) poster.join();
  pool.stop();
  EXPECT_EQ(ran, 8000);
}

}  // namespace
}  // namespace imp::http
