#include "ci/runner/event_spool.h"

#include <gtest/gtest.h>

#include <thread>

namespace imp::ci::runner {
namespace {

const Milliseconds none{0};
constexpr std::size_t plenty = 1u << 20;

std::string output_of(const std::vector<Event>& events, std::uint32_t step) {
  std::string out;
  for (const Event& event : events) {
    const auto* output = std::get_if<StepOutput>(&event.what);
    if (output != nullptr && output->step == step) out += output->bytes;
  }
  return out;
}

struct EventSpoolTest : ::testing::Test {
  ManualClock clock{from_milliseconds(5)};
  EventSpool spool{clock};
};

TEST_F(EventSpoolTest, NumbersFromOneAndStampsTheTime) {
  spool.add(StepStarted{0, "a"});
  clock.advance(Milliseconds(2));
  spool.add(JobFinished{});
  const auto events = spool.next(none, plenty);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].sequence, 1u);
  EXPECT_EQ(events[0].at, 5);
  EXPECT_EQ(events[1].sequence, 2u);
  EXPECT_EQ(events[1].at, 7);
}

TEST_F(EventSpoolTest, JoinsOutputOfOneStepOnly) {
  spool.add_output(1, "a");
  spool.add_output(1, "b");
  spool.add_output(2, "c");
  spool.add_output(1, "d");
  const auto events = spool.next(none, plenty);
  EXPECT_EQ(events.size(), 3u);
  EXPECT_EQ(output_of(events, 1), "abd");
}

// An event that may be on its way must not grow: the server would see two versions of one number.
TEST_F(EventSpoolTest, WhatWasHandedOutStaysAsItWas) {
  spool.add_output(1, "a");
  EXPECT_EQ(output_of(spool.next(none, plenty), 1), "a");
  spool.add_output(1, "b");
  const auto again = spool.next(none, plenty);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(std::get<StepOutput>(again[0].what).bytes, "a");
  EXPECT_EQ(std::get<StepOutput>(again[1].what).bytes, "b");
}

TEST_F(EventSpoolTest, SendsAgainFromTheFirstThatIsNotAccepted) {
  for (std::uint32_t i = 0; i < 5; ++i) spool.add(StepStarted{i, ""});
  spool.next(none, plenty);
  EXPECT_TRUE(spool.accept(3));
  const auto rest = spool.next(none, plenty);
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].sequence, 4u);
  EXPECT_TRUE(spool.accept(3)) << "the same again changes nothing";
  EXPECT_TRUE(spool.accept(5));
  EXPECT_TRUE(spool.wait_until_empty(none));
}

TEST_F(EventSpoolTest, RefusesNumbersThatCannotBe) {
  spool.add(StepStarted{});
  spool.add(StepStarted{});
  EXPECT_FALSE(spool.accept(1)) << "never sent";
  spool.next(none, plenty);
  EXPECT_FALSE(spool.accept(3)) << "does not exist";
  EXPECT_TRUE(spool.accept(2));
  EXPECT_FALSE(spool.accept(1)) << "taken back";
}

TEST_F(EventSpoolTest, CutsLargeOutputAndLimitsBatches) {
  const std::string large(300000, 'x');
  spool.add_output(1, large);
  std::string got;
  while (true) {
    const auto events = spool.next(none, 100000);
    if (events.empty()) break;
    EXPECT_LT(output_of(events, 1).size(), 200000u);
    EXPECT_LT(encode(EventBatch{"l", events}).size(), 1u << 20);
    got += output_of(events, 1);
    ASSERT_TRUE(spool.accept(events.back().sequence));
  }
  EXPECT_EQ(got, large);
}

TEST_F(EventSpoolTest, WaitsForTheNextEvent) {
  std::thread later([&] {
    std::this_thread::sleep_for(Milliseconds(30));
    spool.add(StepStarted{});
  });
  EXPECT_EQ(spool.next(Milliseconds(5000), plenty).size(), 1u);
  later.join();
  EXPECT_FALSE(spool.wait_until_empty(Milliseconds(10)));
}

TEST_F(EventSpoolTest, ManyWritersLoseNothing) {
  std::vector<std::thread> writers;
  for (std::uint32_t step = 0; step < 4; ++step) {
    writers.emplace_back([&, step] {
      for (int i = 0; i < 1000; ++i) spool.add_output(step, std::to_string(i % 10));
    });
  }
  std::map<std::uint32_t, std::string> got;
  std::uint64_t last = 0;
  const auto take = [&](Milliseconds wait) {
    const auto events = spool.next(wait, 5000);
    for (const Event& event : events) {
      EXPECT_EQ(event.sequence, ++last);
      const auto& output = std::get<StepOutput>(event.what);
      got[output.step] += output.bytes;
    }
    if (!events.empty()) EXPECT_TRUE(spool.accept(last));
    return !events.empty();
  };
  for (int i = 0; i < 50; ++i) take(Milliseconds(1));
  for (auto& writer : writers) writer.join();
  while (take(none)) {
  }
  std::string expected;
  for (int i = 0; i < 1000; ++i) expected += std::to_string(i % 10);
  for (std::uint32_t step = 0; step < 4; ++step) EXPECT_EQ(got[step], expected);
}

}  // namespace
}  // namespace imp::ci::runner
