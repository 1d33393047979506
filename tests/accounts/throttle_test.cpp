#include "accounts/throttle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "crypto/random.h"

namespace imp::accounts {
namespace {

constexpr Limit kThree{.what = "three", .attempts = 3};
// A multiple of the window, so that the tests see its edges.
const Time kStart = from_milliseconds(kThrottleWindow.count() * 2'000'000);

TEST(Throttle, RefusesBeyondTheLimitAndSaysWhichRefusalIsTheFirst) {
  ManualClock clock(kStart);
  Throttle throttle(clock, crypto::system_random());
  for (int attempt = 0; attempt < 3; ++attempt) EXPECT_TRUE(throttle.admit(kThree, "a").admitted);
  const auto first = throttle.admit(kThree, "a");
  EXPECT_FALSE(first.admitted);
  EXPECT_TRUE(first.first_refusal);
  const auto second = throttle.admit(kThree, "a");
  EXPECT_FALSE(second.admitted);
  EXPECT_FALSE(second.first_refusal);
  EXPECT_TRUE(throttle.admit(kThree, "b").admitted);
}

TEST(Throttle, LimitsDoNotShareCounts) {
  ManualClock clock(kStart);
  Throttle throttle(clock, crypto::system_random());
  constexpr Limit other{.what = "other", .attempts = 1};
  EXPECT_TRUE(throttle.admit(other, "a").admitted);
  EXPECT_FALSE(throttle.admit(other, "a").admitted);
  EXPECT_TRUE(throttle.admit(kThree, "a").admitted);
}

TEST(Throttle, WindowEndsExactlyOnTime) {
  ManualClock clock(kStart);
  Throttle throttle(clock, crypto::system_random());
  for (int attempt = 0; attempt < 3; ++attempt) throttle.admit(kThree, "a");
  clock.set(kStart + kThrottleWindow - Milliseconds(1));
  EXPECT_FALSE(throttle.admit(kThree, "a").admitted);
  clock.set(kStart + kThrottleWindow);
  EXPECT_TRUE(throttle.admit(kThree, "a").admitted);
}

TEST(Throttle, RefundGivesOneAttemptBack) {
  ManualClock clock(kStart);
  Throttle throttle(clock, crypto::system_random());
  for (int attempt = 0; attempt < 100; ++attempt) {
    EXPECT_TRUE(throttle.admit(kThree, "a").admitted);
    throttle.refund(kThree, "a");
  }
  throttle.refund(kThree, "a");  // more than was taken: the count stays at nothing
  for (int attempt = 0; attempt < 3; ++attempt) EXPECT_TRUE(throttle.admit(kThree, "a").admitted);
  EXPECT_FALSE(throttle.admit(kThree, "a").admitted);
}

TEST(Throttle, AFloodOfOtherNamesDoesNotFreeTheVictim) {
  ManualClock clock(kStart);
  Throttle throttle(clock, crypto::system_random());
  for (int attempt = 0; attempt < 4; ++attempt) throttle.admit(kThree, "victim");
  for (int other = 0; other < 100'000; ++other) throttle.admit(kThree, std::to_string(other));
  EXPECT_FALSE(throttle.admit(kThree, "victim").admitted);
}

TEST(Throttle, ManyNamesInUseDoNotLimitEachOther) {
  ManualClock clock(kStart);
  Throttle throttle(clock, crypto::system_random());
  // Two of 400 names share one bucket of 32,768 nine times in ten.
  constexpr int names = 400;
  for (int attempt = 0; attempt < 3; ++attempt) {
    for (int name = 0; name < names; ++name) {
      EXPECT_TRUE(throttle.admit(kThree, std::to_string(name)).admitted) << name;
    }
  }
}

TEST(Throttle, ThreadsTogetherGetNoMoreThanTheLimit) {
  ManualClock clock(kStart);
  Throttle throttle(clock, crypto::system_random());
  constexpr Limit fifty{.what = "fifty", .attempts = 50};
  std::atomic<int> admitted = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int attempt = 0; attempt < 100; ++attempt) {
          if (throttle.admit(fifty, "a").admitted) ++admitted;
        }
      });
    }
  }
  EXPECT_EQ(admitted, 50);
}

TEST(Throttle, AddressesOfOneClientAreOne) {
  EXPECT_EQ(throttle_address("10.0.0.1"), throttle_address("::ffff:10.0.0.1"));
  EXPECT_NE(throttle_address("10.0.0.1"), throttle_address("10.0.0.2"));
  // A home or a host gets a whole /64 and could use a new address for each attempt.
  EXPECT_EQ(throttle_address("2001:db8:1:2::1"), throttle_address("2001:db8:1:2:ffff::9"));
  EXPECT_NE(throttle_address("2001:db8:1:2::1"), throttle_address("2001:db8:1:3::1"));
  EXPECT_EQ(throttle_address("unknown"), "unknown");
  // They are shown to people, too.
  EXPECT_EQ(throttle_address("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(throttle_address("2001:db8:1:2::1"), "2001:db8:1:2::/64");
  EXPECT_EQ(throttle_address("::1"), "::/64");
}

}  // namespace
}  // namespace imp::accounts
