#include "http/waiters.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace imp::http {
namespace {

TEST(Waiters, WakesOnceWhatWaitsForTheTopic) {
  Waiters waiters;
  int a = 0, b = 0;
  const auto first = waiters.subscribe("a", [&] { ++a; });
  const auto second = waiters.subscribe("b", [&] { ++b; });
  waiters.notify("a");
  waiters.notify("a");
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 0);
}

TEST(Waiters, WhatSubscribesLaterIsNotWoken) {
  Waiters waiters;
  waiters.notify("a");
  int woken = 0;
  const auto handle = waiters.subscribe("a", [&] { ++woken; });
  EXPECT_EQ(woken, 0);
}

TEST(Waiters, AHandleThatIsGoneIsNotWoken) {
  Waiters waiters;
  int woken = 0;
  auto handle = waiters.subscribe("a", [&] { ++woken; });
  handle.reset();
  waiters.notify("a");
  EXPECT_EQ(woken, 0);
}

TEST(Waiters, AChangeBetweenTheLookAndTheSubscriptionIsNotLost) {
  Waiters waiters;
  const auto since = waiters.sequence();
  waiters.notify("a");  // after the look, before the subscription
  int woken = 0;
  const auto late = waiters.subscribe("a", [&] { ++woken; }, since);
  EXPECT_EQ(woken, 1);
  const auto now = waiters.subscribe("a", [&] { ++woken; }, waiters.sequence());
  EXPECT_EQ(woken, 1);
  waiters.notify("a");
  EXPECT_EQ(woken, 2);
}

TEST(Waiters, ACallbackMayDestroyItsOwnHandleAndSubscribeAgain) {
  Waiters waiters;
  int woken = 0;
  std::unique_ptr<Waiters::Subscription> handle;
  handle = waiters.subscribe("a", [&] {
    ++woken;
    handle.reset();
    handle = waiters.subscribe("a", [&] { woken += 10; });
  });
  waiters.notify("a");
  EXPECT_EQ(woken, 1);
  waiters.notify("a");
  EXPECT_EQ(woken, 11);
}

TEST(Waiters, AfterItsHandleIsDestroyedACallbackDoesNotRun) {
  Waiters waiters;
  std::atomic<bool> stop = false;
  std::thread notifier([&] {
    while (!stop) waiters.notify("a");
  });
  for (int i = 0; i < 2000; ++i) {
    // The counter dies right after the handle: a late callback would touch freed memory.
    auto counter = std::make_unique<int>(0);
    auto handle = waiters.subscribe("a", [raw = counter.get()] { ++*raw; });
    handle.reset();
    EXPECT_LE(*counter, 1);
  }
  stop = true;
  notifier.join();
}

TEST(Waiters, HandlesMayOutliveTheWaiters) {
  std::unique_ptr<Waiters::Subscription> handle;
  {
    Waiters waiters;
    handle = waiters.subscribe("a", [] {});
  }
  handle.reset();
}

}  // namespace
}  // namespace imp::http
