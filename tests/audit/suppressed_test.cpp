#include "audit/suppressed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <thread>
#include <vector>

namespace imp::audit {
namespace {

using Which = Suppressed::Which;
constexpr Milliseconds kWindow = std::chrono::minutes(15);

class SuppressedTest : public testing::Test {
 protected:
  void add(std::string_view code, std::string_view address = "192.0.2.1",
           std::string_view subject = "package:a", bool proved = false) {
    suppressed.add({"trust.exchange", subject, code, address, proved});
  }
  ManualClock clock{Time(kWindow * 100)};
  Suppressed suppressed{clock, kWindow};
};

TEST_F(SuppressedTest, AreTakenWhenTheirWindowIsOver) {
  add("expired");
  add("malformed");
  add("malformed");
  clock.advance(kWindow - Milliseconds(1));
  EXPECT_TRUE(suppressed.take(Which::of_past_windows).empty());
  clock.advance(Milliseconds(1));
  add("too_old");
  const auto taken = suppressed.take(Which::of_past_windows);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].total(), 3);
  EXPECT_EQ(taken[0].text(),
            "3 more were refused between 1970-01-02 01:00:00 UTC and 1970-01-02 01:15:00 UTC: 1 "
            "expired, 2 malformed.");
  const Record record = taken[0].record(clock.now());
  EXPECT_EQ(record.outcome, "suppressed");
  EXPECT_EQ(record.remote_address, "192.0.2.1");
  EXPECT_EQ(record.detail.at("codes"), (boost::json::value{{"expired", 1}, {"malformed", 2}}));
  EXPECT_TRUE(suppressed.take(Which::of_past_windows).empty());
  EXPECT_EQ(suppressed.take(Which::all).size(), 1u);
}

TEST_F(SuppressedTest, OfOthersAreOthers) {
  add("expired");
  add("expired", "192.0.2.2");
  add("expired", "192.0.2.1", "package:b");
  add("expired", "192.0.2.1", "package:a", true);
  EXPECT_EQ(suppressed.take(Which::all).size(), 4u);
}

TEST_F(SuppressedTest, AreBoundedAndNoneIsLost) {
  for (std::size_t i = 0; i < 3 * Suppressed::kMost; ++i) add("expired", std::to_string(i));
  const auto taken = suppressed.take(Which::all);
  EXPECT_EQ(taken.size(), Suppressed::kMost + 1);
  std::int64_t sum = 0;
  for (const auto& one : taken) sum += one.total();
  EXPECT_EQ(sum, static_cast<std::int64_t>(3 * Suppressed::kMost));
}

// Names of packages are a stranger's to make up.
TEST_F(SuppressedTest, OneAddressDoesNotPushOutTheOthers) {
  for (std::size_t i = 0; i < 3 * Suppressed::kMost; ++i) {
    add("expired", "192.0.2.1", "package:" + std::to_string(i));
  }
  add("expired", "192.0.2.2");
  const auto taken = suppressed.take(Which::all);
  EXPECT_EQ(taken.size(), Suppressed::kMostOfAddress + 2u);
  EXPECT_EQ(std::ranges::count(taken, "192.0.2.2", &SuppressedRefusals::address), 1);
  EXPECT_EQ(std::ranges::count(taken, "", &SuppressedRefusals::subject), 1);
}

// A store that takes nothing for days: what waits is counted, and does not grow.
TEST_F(SuppressedTest, OfManyWindowsAreBoundedToo) {
  std::int64_t added = 0;
  for (int window = 0; window < 40; ++window) {
    for (std::size_t i = 0; i < 20; ++i, ++added) {
      suppressed.add({std::to_string(i), {}, "expired", "192.0.2.1", false});
    }
    clock.advance(kWindow);
  }
  suppressed.put_back(suppressed.take(Which::all));
  const auto taken = suppressed.take(Which::all);
  EXPECT_LE(taken.size(), 2 * Suppressed::kMost + 1);
  std::int64_t sum = 0;
  for (const auto& one : taken) sum += one.total();
  EXPECT_EQ(sum, added);
}

TEST_F(SuppressedTest, LongSubjectsAreLeftOut) {
  add("expired", "192.0.2.1", std::string(Suppressed::kLongestSubject + 1, 'x'));
  const auto taken = suppressed.take(Which::all);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].subject, "");
}

TEST_F(SuppressedTest, ThatArePutBackAreAddedToWhatCameMeanwhile) {
  add("expired");
  auto taken = suppressed.take(Which::all);
  add("expired");
  suppressed.put_back(std::move(taken));
  const auto again = suppressed.take(Which::all);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].total(), 2);
}

TEST_F(SuppressedTest, ManyThreadsMayCount) {
  std::vector<std::jthread> threads;
  threads.reserve(4);
  std::atomic<std::int64_t> taken = 0;
  const auto take = [&] {
    for (const auto& one : suppressed.take(Which::all)) taken += one.total();
  };
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        add("expired");
        if (i % 100 == 0) take();
      }
    });
  }
  threads.clear();
  take();
  EXPECT_EQ(taken, 2000);
}

}  // namespace
}  // namespace imp::audit
