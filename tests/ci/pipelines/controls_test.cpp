#include "ci/pipelines/controls.h"

#include "base/uuid.h"
#include "ci/pipelines/engine_fixture.h"

namespace imp::ci {
namespace {

using ::testing::SizeIs;

class ControlsTest : public EngineTest {
 protected:
  WorkflowControls& controls() { return world_->pipelines.controls; }
  std::string last_workflow(const Pipeline& pipeline) {
    return world_->pipelines.reader.pipeline(pipeline.id)->workflows.back().workflow.id;
  }
  std::string rerun_code(const Pipeline& pipeline, const RerunRequest& request = {}) {
    const auto again = controls().rerun(last_workflow(pipeline), request, actor(bob));
    return again ? "" : std::string(again.error().code());
  }
};

const std::string chain = config_with({"build", "test"}, "- build\n- test:\n    requires: [build]");
const std::string held =
    config_with({"build"}, "- hold:\n    type: approval\n- build:\n    requires: [hold]");

TEST_F(ControlsTest, JobsFollowEachOther) {
  const Pipeline pipeline = push_config(chain);
  EXPECT_EQ(state(pipeline.id), "running: build=queued test=blocked");
  const auto build = claim();
  EXPECT_FALSE(claim());
  EXPECT_EQ(state(pipeline.id), "running: build=running test=blocked");
  finish(*build);
  EXPECT_EQ(state(pipeline.id), "running: build=success test=queued");
  finish(*claim());
  EXPECT_EQ(state(pipeline.id), "success: build=success test=success");
  EXPECT_EQ(job(pipeline.id, "build").number, 1);
  EXPECT_EQ(job(pipeline.id, "test").number, 2);
}

TEST_F(ControlsTest, ReactionsToOtherEnds) {
  const Pipeline pipeline = push_config(config_with(
      {"build", "cleanup", "report"},
      "- build\n- cleanup:\n    requires: [{build: [failed, canceled]}]\n- report:\n    "
      "requires: [{cleanup: terminal}]"));
  finish(*claim(), runner::JobOutcome::failed);
  EXPECT_EQ(state(pipeline.id), "failing: build=failed cleanup=queued report=blocked");
  finish(*claim());
  finish(*claim());
  EXPECT_EQ(state(pipeline.id), "failed: build=failed cleanup=success report=success");
}

TEST_F(ControlsTest, AnApprovalIsGivenOnceByItsIdInItsWorkflow) {
  const Pipeline pipeline = push_config(held);
  EXPECT_EQ(state(pipeline.id), "on_hold: hold=on_hold build=blocked");
  EXPECT_FALSE(claim());
  const std::string id = last_workflow(pipeline), approval = job(pipeline.id, "hold").id;
  EXPECT_EQ(controls().approve(id, job(pipeline.id, "build").id, actor(bob)).error().code(),
            "job_not_found");
  EXPECT_EQ(controls().approve(new_uuid(), approval, actor(bob)).error().code(),
            "workflow_not_found");
  const Pipeline other = push_config(held);
  EXPECT_EQ(controls().approve(last_workflow(other), approval, actor(bob)).error().code(),
            "job_not_found");
  ASSERT_TRUE(controls().approve(id, approval, actor(bob)));
  EXPECT_EQ(controls().approve(id, approval, actor(carol)).error().code(), "not_on_hold");
  EXPECT_EQ(state(pipeline.id), "running: hold=success build=queued");
  EXPECT_EQ(job(pipeline.id, "hold").approver_name, "bob");
  EXPECT_FALSE(job(pipeline.id, "hold").number);
  const auto entries = audited("workflow.job.approve");
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].record.actor, "user:bob");
}

TEST_F(ControlsTest, CancelingAWorkflow) {
  const Pipeline pipeline =
      push_config(config_with({"a", "b", "c"}, "- a\n- b\n- c:\n    requires: [a]"));
  const auto a = claim();
  ASSERT_TRUE(controls().cancel(last_workflow(pipeline), actor(bob)));
  EXPECT_EQ(state(pipeline.id), "running: a=running b=canceled c=not_run");
  EXPECT_FALSE(claim());
  finish(*a);  // it had ended before its runner heard of it
  EXPECT_EQ(state(pipeline.id), "canceled: a=success b=canceled c=not_run");
  EXPECT_EQ(controls().cancel(last_workflow(pipeline), actor(bob)).error().code(), "already_ended");
  EXPECT_EQ(workflow(pipeline.id).workflow.canceled_by, "bob");
}

TEST_F(ControlsTest, CancelingAJobThatWaits) {
  const Pipeline pipeline = push_config(chain);
  ASSERT_TRUE(controls().cancel_job(job(pipeline.id, "build").id, actor(bob)));
  EXPECT_EQ(state(pipeline.id), "canceled: build=canceled test=not_run");
  EXPECT_EQ(controls().cancel_job(job(pipeline.id, "build").id, actor(bob)).error().code(),
            "already_ended");
  EXPECT_EQ(controls().cancel_job(new_uuid(), actor(bob)).error().code(), "job_not_found");
}

TEST_F(ControlsTest, RerunFromStartRunsAllAgainWithNewNumbers) {
  const Pipeline pipeline = push_config(chain);
  EXPECT_EQ(rerun_code(pipeline), "still_running");
  finish(*claim());
  finish(*claim());
  ASSERT_EQ(rerun_code(pipeline), "");
  EXPECT_EQ(state(pipeline.id),
            "success: build=success test=success\nrunning: build=queued test=blocked");
  EXPECT_EQ(job(pipeline.id, "build", 1).number, 3);
  const auto view = workflow(pipeline.id, 1);
  EXPECT_EQ(view.workflow.actor_name, "bob");
  EXPECT_EQ(view.workflow.rerun_of, workflow(pipeline.id).workflow.id);
  EXPECT_EQ(view.workflow.workspace_id, workflow(pipeline.id).workflow.id);
}

TEST_F(ControlsTest, RerunFromFailedKeepsWhatSucceeded) {
  const Pipeline pipeline = push_config(chain);
  const auto build = claim();
  ASSERT_TRUE(world_->pipelines.running.apply(
      runner_, build->job_id,
      batch(build->lease, 1,
            {runner::StepStarted{1, "x"}, runner::StepOutput{1, "printed"},
             runner::JobFinished{runner::JobOutcome::success, false, ""}})));
  finish(*claim(), runner::JobOutcome::failed);
  ASSERT_EQ(rerun_code(pipeline, {.from_failed = true}), "");
  EXPECT_EQ(state(pipeline.id),
            "failed: build=success test=failed\nrunning: build=success test=queued");
  const Job kept = job(pipeline.id, "build", 1);
  EXPECT_EQ(kept.number, 1);
  EXPECT_EQ(kept.reused_from, build->job_id);
  // Its output is that of the job that ran, and its number still leads there.
  EXPECT_THAT(world_->pipelines.reader.job(kept.id)->steps, SizeIs(1));
  EXPECT_EQ(world_->pipelines.reader.output(kept.id, 0)->at(0).bytes, "printed");
  EXPECT_EQ(world_->pipelines.reader.job(widgets.id, 1)->job.id, build->job_id);
  finish(*claim());
  EXPECT_EQ(rerun_code(pipeline, {.from_failed = true}), "nothing_to_rerun");
  // A rerun of the rerun names the job that ran, not the copy.
  ASSERT_EQ(rerun_code(pipeline, {.jobs = {job(pipeline.id, "test", 1).id}}), "");
  EXPECT_EQ(job(pipeline.id, "build", 2).reused_from, build->job_id);
}

TEST_F(ControlsTest, RerunDoesNotSkipAnApprovalThatWasNeverGiven) {
  const Pipeline pipeline = push_config(held);
  ASSERT_TRUE(controls().cancel(last_workflow(pipeline), actor(bob)));
  ASSERT_EQ(rerun_code(pipeline, {.jobs = {job(pipeline.id, "build").id}}), "");
  EXPECT_EQ(state(pipeline.id),
            "canceled: hold=canceled build=not_run\non_hold: hold=on_hold build=blocked");
}

TEST_F(ControlsTest, RerunOptionsThatMakeNoSense) {
  const Pipeline pipeline = push_config(chain);
  finish(*claim());
  finish(*claim());
  const std::string build = job(pipeline.id, "build").id;
  EXPECT_EQ(rerun_code(pipeline, {.from_failed = true, .jobs = {build}}), "invalid_rerun");
  EXPECT_EQ(rerun_code(pipeline, {.enable_ssh = true}), "invalid_rerun");
  EXPECT_EQ(rerun_code(pipeline, {.jobs = {new_uuid()}}), "invalid_rerun");
  EXPECT_EQ(controls().rerun(new_uuid(), {}, actor(bob)).error().code(), "workflow_not_found");
  ASSERT_TRUE(world_->projects.change_settings(widgets.id, {.disable_ssh = true}, actor(alice)));
  EXPECT_EQ(rerun_code(pipeline, {.jobs = {build}, .enable_ssh = true}), "ssh_disabled");
  EXPECT_EQ(state(pipeline.id), "success: build=success test=success");
  clock_.advance(std::chrono::days(90));
  EXPECT_EQ(rerun_code(pipeline), "too_old_to_rerun");
}

TEST_F(ControlsTest, AWorkflowHasAHundredReruns) {
  const Pipeline pipeline = push_config(config_with({"a"}, "- a"));
  for (int i = 0; i <= 100; ++i) {
    ASSERT_TRUE(controls().cancel(last_workflow(pipeline), actor(bob)));
    EXPECT_EQ(rerun_code(pipeline), i < 100 ? "" : "too_many_reruns");
  }
}

TEST_F(ControlsTest, WorkflowsAreNotOpenForEver) {
  const Pipeline pipeline = push_config(held);
  clock_.advance(std::chrono::days(89));
  ASSERT_TRUE(world_->pipelines.tidy());
  EXPECT_EQ(state(pipeline.id), "on_hold: hold=on_hold build=blocked");
  clock_.advance(std::chrono::days(2));
  ASSERT_TRUE(world_->pipelines.tidy());
  EXPECT_EQ(state(pipeline.id), "canceled: hold=canceled build=not_run");
}

}  // namespace
}  // namespace imp::ci
