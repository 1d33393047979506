#include "ci/pipelines/job_follower.h"

#include <fmt/format.h>

#include "ci/pipelines/engine_fixture.h"

namespace imp::ci {
namespace {

using runner::JobFinished;
using runner::JobOutcome;
using runner::StepFinished;
using runner::StepOutcome;
using runner::StepOutput;
using runner::StepStarted;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class JobFollowerTest : public EngineTest {
 protected:
  JobFollowerTest() {
    push_config(config_with({"test"}, "- test"));
    ticket_ = claim().value();
  }
  JobFollower follower(std::int64_t after = 0) {
    return {world_->pipelines.reader, clock_, ticket_.job_id, after, [this] { return may_read_; }};
  }
  void send(std::uint64_t first, std::vector<decltype(runner::Event::what)> events) {
    ASSERT_TRUE(world_->pipelines.running.apply(runner_, ticket_.job_id,
                                                batch(ticket_.lease, first, std::move(events))));
  }
  /// "[running] test=running 'output' over"
  static std::string encoded(const JobNews& news) {
    std::string text;
    if (news.status_changed) text += fmt::format("[{}]", name(news.job.status));
    for (const JobStep& step : news.steps) text += fmt::format(" {}={}", step.number, step.outcome);
    for (const OutputChunk& chunk : news.chunks) text += fmt::format(" '{}'", chunk.bytes);
    if (news.is_over) text += " over";
    return text;
  }

  runner::JobTicket ticket_;
  bool may_read_ = true;
};

TEST_F(JobFollowerTest, TellsEachThingOnce) {
  JobFollower follower = this->follower();
  send(1, {StepStarted{1, "a"}, StepOutput{1, "one"}});
  auto step = follower.next(encoded);
  EXPECT_EQ(step.bytes, "[running] 1=running 'one'");
  EXPECT_EQ(step.wait_topic, "") << "there may be more already";
  step = follower.next(encoded);
  EXPECT_THAT(step.bytes, StartsWith(":"));
  EXPECT_THAT(step.wait_topic, HasSubstr(ticket_.job_id));
  EXPECT_FALSE(step.done);
  send(3, {StepOutput{1, "two"}, StepFinished{1, StepOutcome::success, 0},
           JobFinished{JobOutcome::success, false, ""}});
  EXPECT_EQ(follower.next(encoded).bytes, "[success] 1=success 'two'");
  step = follower.next(encoded);
  EXPECT_EQ(step.bytes, " over");
  EXPECT_TRUE(step.done);
}

TEST_F(JobFollowerTest, BeginsAfterTheChunkThatIsKnown) {
  send(1, {StepOutput{1, "one"}, StepOutput{1, "two"}});
  JobFollower follower = this->follower(1);
  EXPECT_EQ(follower.next(encoded).bytes, "[running] 'two'");
}

// A job that prints without a pause must not keep a listener for as long as it runs.
TEST_F(JobFollowerTest, EndsAfterItsTimeAlthoughThereIsMoreToTell) {
  JobFollower follower = this->follower();
  clock_.advance(JobFollower::longest - Milliseconds(1));
  send(1, {StepOutput{1, "in time"}});
  EXPECT_EQ(follower.next(encoded).bytes, "[running] 'in time'");
  clock_.advance(Milliseconds(1));
  send(2, {StepOutput{1, "too late"}});
  const auto step = follower.next(encoded);
  EXPECT_EQ(step.bytes, "");
  EXPECT_TRUE(step.done);
}

TEST_F(JobFollowerTest, TellsNothingToWhoMayNoLongerRead) {
  JobFollower follower = this->follower();
  EXPECT_EQ(follower.next(encoded).bytes, "[running]");
  send(1, {StepOutput{1, "secret"}});
  may_read_ = false;
  const auto step = follower.next(encoded);
  EXPECT_EQ(step.bytes, "");
  EXPECT_TRUE(step.done);
}

}  // namespace
}  // namespace imp::ci
