#include "ci/pipelines/job_over.h"

#include "ci/pipelines/engine_fixture.h"

namespace imp::ci {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// Two jobs, of which the first runs and the second waits for it.
class JobOverTest : public EngineTest {
 protected:
  Pipeline pipeline_ =
      push_config(config_with({"build", "test"}, "- build\n- test:\n    requires: [build]"));
  runner::JobTicket ticket_ = claim().value();

  const std::vector<std::string>& over() { return world_->over; }
  std::string workflow_id() { return workflow(pipeline_.id).workflow.id; }
};

TEST_F(JobOverTest, IsToldWhenARunningJobEnds) {
  EXPECT_THAT(over(), IsEmpty());
  finish(ticket_, runner::JobOutcome::failed);
  EXPECT_THAT(over(), ElementsAre(ticket_.job_id));
}

// Not when its runner has heard of it, which may be much later.
TEST_F(JobOverTest, IsToldWhenARunningJobIsCanceled) {
  ASSERT_TRUE(world_->pipelines.controls.cancel_job(ticket_.job_id, actor(bob)));
  EXPECT_THAT(over(), ElementsAre(ticket_.job_id));
  EXPECT_EQ(state(pipeline_.id), "running: build=running test=blocked");
}

TEST_F(JobOverTest, IsToldWhenTheWorkflowOfARunningJobIsCanceled) {
  ASSERT_TRUE(world_->pipelines.controls.cancel(workflow_id(), actor(bob)));
  EXPECT_THAT(over(), ElementsAre(ticket_.job_id));
}

TEST_F(JobOverTest, IsToldWhenTheRunnerIsGone) {
  ASSERT_TRUE(world_->pipelines.runner_tokens.abandon_jobs(runner_.id));
  EXPECT_THAT(over(), ElementsAre(ticket_.job_id));
}

TEST_F(JobOverTest, IsToldWhenTheLeaseIsOver) {
  clock_.advance(std::chrono::minutes(2));
  ASSERT_TRUE(world_->pipelines.tidy());
  EXPECT_THAT(over(), ElementsAre(ticket_.job_id));
}

TEST_F(JobOverTest, IsNotToldOfJobsThatNeverRan) {
  const Pipeline other = push_config(config_with({"a"}, "- a"));
  ASSERT_TRUE(world_->pipelines.controls.cancel(workflow(other.id).workflow.id, actor(bob)));
  EXPECT_THAT(over(), IsEmpty());
}

}  // namespace
}  // namespace imp::ci
