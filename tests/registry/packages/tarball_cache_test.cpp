#include "registry/packages/tarball_cache.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <vector>

namespace imp::registry {
namespace {

std::shared_ptr<const http::Prepared> tarball() { return std::make_shared<http::Prepared>(); }

TEST(TarballCacheTest, KeepsAndForgets) {
  TarballCache cache(2);
  EXPECT_FALSE(cache.find("a"));
  const auto first = tarball(), second = tarball();
  cache.keep("a", first);
  EXPECT_EQ(cache.find("a"), first);
  cache.keep("a", second);
  EXPECT_EQ(cache.find("a"), second);
  cache.forget("a");
  cache.forget("never there");
  EXPECT_FALSE(cache.find("a"));
  EXPECT_EQ(second.use_count(), 1);  // so its file is closed
}

// Closing a file takes its time, and I/O threads ask the cache.
TEST(TarballCacheTest, LetsGoWithoutItsLock) {
  TarballCache cache(1);
  int free = 0;
  std::vector<std::future<void>> asked;
  const auto watched = [&] {
    return std::shared_ptr<const http::Prepared>(
        new http::Prepared, [&](const http::Prepared* tarball) {
          asked.push_back(std::async(std::launch::async, [&] { (void)cache.find("a"); }));
          free += asked.back().wait_for(std::chrono::seconds(5)) == std::future_status::ready;
          delete tarball;
        });
  };
  cache.keep("a", watched());
  cache.keep("a", watched());
  EXPECT_EQ(free, 1) << "replaced";
  cache.keep("b", watched());
  EXPECT_EQ(free, 2) << "made room";
  cache.forget("b");
  EXPECT_EQ(free, 3) << "forgotten";
}

TEST(TarballCacheTest, WhatIsAskedForOutlivesWhatIsNot) {
  TarballCache cache(4);
  cache.keep("popular", tarball());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(cache.find("popular")) << i;
    cache.keep(std::to_string(i), tarball());
  }
  EXPECT_TRUE(cache.find("popular"));
  int kept = 0;
  for (int i = 0; i < 100; ++i) kept += cache.find(std::to_string(i)) != nullptr;
  EXPECT_EQ(kept, 3);
  EXPECT_TRUE(cache.find("99"));
}

TEST(TarballCacheTest, AllInUseStillMakesRoom) {
  TarballCache cache(3);
  for (const char* name : {"a", "b", "c"}) cache.keep(name, tarball());
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(cache.find(name));
  cache.keep("d", tarball());
  EXPECT_TRUE(cache.find("d"));
  int kept = 0;
  for (const char* name : {"a", "b", "c"}) kept += cache.find(name) != nullptr;
  EXPECT_EQ(kept, 2);
}

TEST(TarballCacheTest, AForgottenPlaceIsUsedAgain) {
  TarballCache cache(2);
  cache.keep("a", tarball());
  cache.keep("b", tarball());
  cache.forget("a");
  cache.keep("c", tarball());
  EXPECT_TRUE(cache.find("b"));
  EXPECT_TRUE(cache.find("c"));
}

TEST(TarballCacheTest, OneWithoutRoomKeepsNothing) {
  TarballCache cache(0);
  cache.keep("a", tarball());
  EXPECT_FALSE(cache.find("a"));
}

}  // namespace
}  // namespace imp::registry
