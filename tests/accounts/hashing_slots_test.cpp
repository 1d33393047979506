#include "accounts/hashing_slots.h"

#include <gtest/gtest.h>

#include <thread>

namespace imp::accounts {
namespace {

using namespace std::chrono_literals;

TEST(HashingSlots, RefusesWhenNoneIsFreeAndServesWhenOneIsGivenBack) {
  HashingSlots slots(2);
  EXPECT_TRUE(slots.acquire(0ms));
  EXPECT_TRUE(slots.acquire(0ms));
  EXPECT_FALSE(slots.acquire(1ms));
  slots.release();
  EXPECT_TRUE(slots.acquire(0ms));
  const std::jthread other([&] { slots.release(); });
  EXPECT_TRUE(slots.acquire(5s));
}

}  // namespace
}  // namespace imp::accounts
