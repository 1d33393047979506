#include "accounts/token_cache.h"

#include <gtest/gtest.h>

namespace imp::accounts {
namespace {

using namespace std::chrono_literals;

TokenCache::Entry entry(Time read) {
  return {.person = std::make_shared<const Person>(),
          .token = std::make_shared<const AccessToken>(),
          .allowed = {},
          .read = read};
}
const Time kNow = from_milliseconds(1'790'000'000'000);

TEST(TokenCache, EntriesLiveForTheirLifetimeAndNoLonger) {
  TokenCache cache(10, 1000ms);
  cache.put("a", entry(kNow), cache.generation());
  EXPECT_TRUE(cache.find("a", kNow));
  EXPECT_TRUE(cache.find("a", kNow + 999ms));
  EXPECT_FALSE(cache.find("a", kNow + 1000ms));
  EXPECT_FALSE(cache.find("a", kNow));  // gone for good
}

TEST(TokenCache, AClockThatWentBackKeepsNothing) {
  TokenCache cache(10, 1000ms);
  cache.put("a", entry(kNow), cache.generation());
  EXPECT_FALSE(cache.find("a", kNow - 1ms));
}

TEST(TokenCache, WhatWasReadBeforeAClearIsNotKept) {
  // A verification reads the row, the token is revoked, and only then the row reaches the cache.
  TokenCache cache(10, 1000ms);
  const std::uint64_t generation = cache.generation();
  cache.clear();
  cache.put("a", entry(kNow), generation);
  EXPECT_FALSE(cache.find("a", kNow));
}

TEST(TokenCache, TheLeastRecentlyUsedGoesFirst) {
  TokenCache cache(2, 1000ms);
  cache.put("a", entry(kNow), cache.generation());
  cache.put("b", entry(kNow), cache.generation());
  EXPECT_TRUE(cache.find("a", kNow));
  cache.put("c", entry(kNow), cache.generation());
  EXPECT_FALSE(cache.find("b", kNow));
  EXPECT_TRUE(cache.find("a", kNow));
  EXPECT_TRUE(cache.find("c", kNow));
  cache.put("c", entry(kNow), cache.generation());  // again: does not push anything out
  EXPECT_TRUE(cache.find("a", kNow));
}

}  // namespace
}  // namespace imp::accounts
