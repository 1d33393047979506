#include "registry/packages/packument_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "registry/packages/refusal.h"

namespace imp::registry {
namespace {

std::shared_ptr<const http::Prepared> body(std::string text) {
  auto out = std::make_shared<http::Prepared>();
  out->identity = std::move(text);
  return out;
}

CachedPackage made(std::int64_t revision, std::size_t size = 10) {
  CachedPackage out;
  out.access.name = "pkg";
  out.revision = revision;
  out.full = body(std::string(size, 'x'));
  return out;
}

constexpr std::size_t kRoom = 10 * 1024 * 1024;

TEST(PackumentCache, BuildsOnceAndKeeps) {
  PackumentCache cache(kRoom);
  int builds = 0;
  const auto build = [&]() -> Result<CachedPackage> {
    ++builds;
    return made(1);
  };
  EXPECT_FALSE(cache.find("pkg"));
  EXPECT_TRUE(cache.get("pkg", build));
  EXPECT_TRUE(cache.get("pkg", build));
  EXPECT_EQ(builds, 1);
  EXPECT_EQ(cache.find("pkg")->revision, 1);
  EXPECT_FALSE(cache.find("other"));
}

// Giving back the pages of a large packument takes its time, and I/O threads ask the cache.
TEST(PackumentCache, LetsGoWithoutItsLocks) {
  PackumentCache cache(10'000);
  int free = 0;
  std::vector<std::future<void>> asked;
  const auto keep = [&](const std::string& name) {
    EXPECT_TRUE(cache.get(name, [&]() -> Result<CachedPackage> {
      CachedPackage package;
      package.revision = 1;
      auto document = std::make_unique<http::Prepared>();
      document->identity = std::string(6000, 'x');
      package.full = std::shared_ptr<const http::Prepared>(
          document.release(), [&, name](const http::Prepared* gone) {
            asked.push_back(std::async(std::launch::async, [&, name] { (void)cache.find(name); }));
            free += asked.back().wait_for(std::chrono::seconds(5)) == std::future_status::ready;
            delete gone;
          });
      return package;
    }));
  };
  keep("pkg");
  cache.invalidate("pkg", 2);
  EXPECT_EQ(free, 1) << "invalidated";
  keep("pkg");
  keep("other");
  EXPECT_EQ(free, 2) << "made room";
  cache.invalidate("pkg", 2);
  cache.invalidate("other", 2);
}

TEST(PackumentCache, FailuresAreNotKept) {
  PackumentCache cache(kRoom);
  const auto fail = []() -> Result<CachedPackage> {
    return refuse(PackageRefusal::package_not_found, "no");
  };
  EXPECT_EQ(cache.get("pkg", fail).error().code(), "package_not_found");
  EXPECT_TRUE(cache.get("pkg", [] { return Result<CachedPackage>(made(1)); }));
}

TEST(PackumentCache, InvalidateIsOrderedByRevision) {
  PackumentCache cache(kRoom);
  ASSERT_TRUE(cache.get("pkg", [] { return Result<CachedPackage>(made(5)); }));
  cache.invalidate("pkg", 5);  // what is cached is that revision already
  EXPECT_TRUE(cache.find("pkg"));
  cache.invalidate("pkg", 4);
  EXPECT_TRUE(cache.find("pkg"));
  cache.invalidate("pkg", 6);
  EXPECT_FALSE(cache.find("pkg"));
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(PackumentCache, ABuildThatAWriteOvertookIsNotKept) {
  PackumentCache cache(kRoom);
  const auto first = cache.get("pkg", [&]() -> Result<CachedPackage> {
    cache.invalidate("pkg", 2);  // the write commits while the old revision is being prepared
    return made(1);
  });
  EXPECT_EQ((*first)->revision, 1);
  EXPECT_FALSE(cache.find("pkg"));
  const auto second = cache.get("pkg", [] { return Result<CachedPackage>(made(2)); });
  EXPECT_EQ((*second)->revision, 2);
}

TEST(PackumentCache, AfterAWriteReadersDoNotWaitForTheOldBuild) {
  PackumentCache cache(kRoom);
  std::atomic<bool> building = false;
  std::atomic<bool> release = false;
  std::thread slow([&] {
    (void)cache.get("pkg", [&]() -> Result<CachedPackage> {
      building = true;
      while (!release) std::this_thread::yield();
      return made(1);
    });
  });
  while (!building) std::this_thread::yield();
  cache.invalidate("pkg", 2);
  const auto fresh = cache.get("pkg", [] { return Result<CachedPackage>(made(2)); });
  EXPECT_EQ((*fresh)->revision, 2);
  release = true;
  slow.join();
  EXPECT_EQ(cache.find("pkg")->revision, 2);
}

TEST(PackumentCache, ManyReadersShareOneBuild) {
  PackumentCache cache(kRoom);
  std::atomic<int> builds = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 8; ++i) {
    readers.emplace_back([&] {
      const auto got = cache.get("pkg", [&]() -> Result<CachedPackage> {
        ++builds;
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        return made(1);
      });
      EXPECT_TRUE(got);
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(builds, 1);
}

TEST(PackumentCache, ABuildThatThrowsLetsTheNextOneTry) {
  PackumentCache cache(kRoom);
  EXPECT_THROW((void)cache.get("pkg", []() -> Result<CachedPackage> { throw std::bad_alloc(); }),
               std::bad_alloc);
  EXPECT_TRUE(cache.get("pkg", [] { return Result<CachedPackage>(made(1)); }));
}

TEST(PackumentCache, StaysWithinItsBytes) {
  constexpr std::size_t limit = 400 * 1024;
  PackumentCache cache(limit);
  for (int i = 0; i < 100; ++i) {
    const auto build = [] { return Result<CachedPackage>(made(1, 20 * 1024)); };
    ASSERT_TRUE(cache.get("pkg-" + std::to_string(i), build));
    EXPECT_LE(cache.bytes(), limit);
  }
  int kept = 0;
  for (int i = 0; i < 100; ++i) kept += cache.find("pkg-" + std::to_string(i)) ? 1 : 0;
  EXPECT_GT(kept, 8);
}

TEST(PackumentCache, WhatIsLargerThanTheCacheIsServedAndNotKept) {
  PackumentCache cache(1024 * 1024);
  ASSERT_TRUE(cache.get("small", [] { return Result<CachedPackage>(made(1)); }));
  EXPECT_TRUE(cache.get("big", [] { return Result<CachedPackage>(made(1, 2 * 1024 * 1024)); }));
  EXPECT_FALSE(cache.find("big"));
  EXPECT_TRUE(cache.find("small"));
}

// Readers never see a revision older than one that was announced before they asked.
TEST(PackumentCache, ReadsSeeWritesUnderLoad) {
  PackumentCache cache(kRoom);
  std::atomic<std::int64_t> stored = 1;     // what a snapshot of the store would give
  std::atomic<std::int64_t> announced = 1;  // what a writer has been told is committed
  std::atomic<bool> done = false;
  std::atomic<int> stale = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        const std::int64_t least = announced;
        const auto got = cache.get("pkg", [&]() -> Result<CachedPackage> {
          const std::int64_t revision = stored;
          std::this_thread::yield();
          return made(revision);
        });
        if ((*got)->revision < least) ++stale;
      }
    });
  }
  for (std::int64_t revision = 2; revision < 3000; ++revision) {
    stored = revision;
    cache.invalidate("pkg", revision);
    announced = revision;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(stale, 0);
}

TEST(CachedPackage, FindsTarballsByVersion) {
  CachedPackage package = made(1);
  package.tarballs = {{"1.0.0", "a", 1}, {"1.0.0-rc.1", "b", 2}, {"2.0.0", "c", 3}};
  EXPECT_EQ(package.tarball("1.0.0-rc.1")->sha512, "b");
  EXPECT_EQ(package.tarball("3.0.0"), nullptr);
  EXPECT_EQ(package.tarball(""), nullptr);
}

}  // namespace
}  // namespace imp::registry
