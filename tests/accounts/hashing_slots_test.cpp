#include "accounts/hashing_slots.h"

#include <gtest/gtest.h>

#include <thread>

namespace imp::accounts {
namespace {

using namespace std::chrono_literals;

TEST(HashingSlots, RefusesWhenNoneIsFreeAndServesWhenOneIsGivenBack) {
  HashingSlots slots(2, 1);
  EXPECT_TRUE(slots.acquire(0ms));
  EXPECT_TRUE(slots.acquire(0ms));
  EXPECT_FALSE(slots.acquire(1ms));
  slots.release();
  EXPECT_TRUE(slots.acquire(0ms));
  const std::jthread other([&] { slots.release(); });
  EXPECT_TRUE(slots.acquire(5s));
}

// Who waits holds a worker thread, which publishes need too.
TEST(HashingSlots, OnlySoManyWait) {
  HashingSlots slots(1, 0);
  EXPECT_TRUE(slots.acquire(0ms)) << "nobody has to wait for a free one";
  EXPECT_FALSE(slots.acquire(1h)) << "at once, whatever time there would be";
}

}  // namespace
}  // namespace imp::accounts
