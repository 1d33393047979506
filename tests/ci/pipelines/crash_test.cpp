// The process is killed between any two of its transactions, and another one takes up the work.

#include <algorithm>

#include "base/uuid.h"
#include "ci/pipelines/engine_fixture.h"

namespace imp::ci {
namespace {

using runner::JobFinished;
using runner::JobOutcome;
using runner::StepOutput;

const std::string config = config_with(
    {"build", "test", "publish"},
    "- build\n- test:\n    requires: [build]\n- hold:\n    type: approval\n    requires: [build]\n"
    "- publish:\n    context: guard\n    requires: [test, hold]");

class CrashTest : public EngineTest {
 protected:
  CrashTest() {
    context("guard", {{"GUARDED", "guarded-value"}});
    tick();
  }

  void tick() { clock_.advance(std::chrono::seconds(1)); }

  /// One push through to the end of its workflow, as a patient user and a patient runner do it:
  /// every request is sent again until it is answered. Each step is a no-op once it has had its
  /// effect. Returns false when the process is dead.
  bool drive() {
    auto& pipelines = world_->pipelines;
    if (!pushed_) {
      const auto pushed = pipelines.pushes.around(widgets, actor(alice), [&] {
        if (!std::exchange(pushed_, true))
          commit(widgets, "main", {{".circleci/config.yml", config}});
      });
      if (mortal_.dead()) return false;
    }
    for (int step = 0; step < 20; ++step) {
      approve();
      const auto ticket = try_claim(claim_id_);
      if (mortal_.dead()) return false;
      if (!ticket || !*ticket) {
        if (ended()) return true;
        continue;
      }
      executed_.push_back((*ticket)->job_name);
      const auto reply = pipelines.running.apply(
          runner_, (*ticket)->job_id,
          batch((*ticket)->lease, 1,
                {StepOutput{0, "printed"}, JobFinished{JobOutcome::success, false, ""}}));
      if (mortal_.dead()) return false;
      EXPECT_TRUE(reply) << reply.error().message;
      claim_id_ = new_uuid();
    }
    return true;
  }

  void approve() {
    const auto list = pipelines();
    if (list.empty() || list[0].workflows.empty()) return;
    for (const Job& job : list[0].workflows[0].jobs) {
      if (job.status != JobStatus::on_hold) continue;
      (void)world_->pipelines.controls.approve(job.workflow_id, job.id, actor(alice));
    }
  }
  std::vector<PipelineView> pipelines() {
    PipelineQuery query;
    query.project_id = widgets.id;
    return world_->pipelines.reader.list(query).value_or(std::vector<PipelineView>{});
  }
  bool ended() {
    const auto list = pipelines();
    return !list.empty() && !list[0].workflows.empty() &&
           has_ended(list[0].workflows[0].workflow.status);
  }

  bool pushed_ = false;
  std::string claim_id_ = new_uuid();
  std::vector<std::string> executed_;
};

TEST_F(CrashTest, NothingIsLostAndNothingHappensTwice) {
  // A first run counts the transactions; the others die after each of them in turn.
  const std::int64_t before = mortal_.writes();
  ASSERT_TRUE(drive());
  const std::int64_t total = mortal_.writes() - before;
  ASSERT_GT(total, 10);
  const std::string expected = state(pipelines()[0].pipeline.id);
  EXPECT_EQ(expected, "success: build=success test=success hold=success publish=success");

  for (std::int64_t alive = 1; alive < total; ++alive) {
    const std::string other = "widgets-" + std::to_string(alive);
    widgets = hosted(acme, other);
    pushed_ = false;
    claim_id_ = new_uuid();
    executed_.clear();
    mortal_.die_after(alive);
    if (!drive()) {
      restart();
      world_->pipelines.recover();
      EXPECT_TRUE(drive()) << "killed after " << alive;
    }
    mortal_.revive();
    const auto found = pipelines();
    ASSERT_EQ(found.size(), 1U) << "killed after " << alive;
    EXPECT_EQ(state(found[0].pipeline.id), expected) << "killed after " << alive;
    EXPECT_EQ(found[0].pipeline.actor_name, "alice");
    for (const Job& job : found[0].workflows[0].jobs) {
      if (job.type == config::JobType::approval) continue;
      std::string output;
      for (const auto& chunk : world_->pipelines.reader.output(job.id, 0).value()) {
        output += chunk.bytes;
      }
      EXPECT_EQ(output, "printed") << job.name << ", killed after " << alive;
      // The runner may see the same ticket again, but never two tickets of one job.
      EXPECT_LE(std::ranges::count(executed_, job.name), 2) << job.name;
    }
  }
}

// Otherwise the next one who pushes would be taken for the author of what came before.
TEST_F(CrashTest, APushThatWasCutOffStaysItsPushers) {
  mortal_.die_after(1);
  const auto lost = world_->pipelines.pushes.around(
      widgets, actor(bob), [&] { commit(widgets, "feature", {{".circleci/config.yml", config}}); });
  EXPECT_FALSE(lost);
  restart();
  const auto next = world_->pipelines.pushes.around(
      widgets, actor(carol), [&] { commit(widgets, "main", {{".circleci/config.yml", config}}); });
  ASSERT_EQ(next->size(), 1U);
  EXPECT_EQ(next->at(0).branch, "main");
  const auto all = pipelines();
  ASSERT_EQ(all.size(), 2U);
  for (const PipelineView& view : all) {
    EXPECT_EQ(view.pipeline.actor_name, view.pipeline.branch == "main" ? "carol" : "bob");
  }
}

TEST_F(CrashTest, AClaimThatDiedHalfWayCostsTheJobItsLeaseAndNoMore) {
  const Pipeline pipeline = push_config(config_with({"a"}, "- a"));
  mortal_.die_after(1);  // the job is taken, its ticket is not stored
  EXPECT_FALSE(try_claim(new_uuid()));
  restart();
  EXPECT_EQ(state(pipeline.id), "running: a=running");
  EXPECT_FALSE(try_claim(new_uuid()).value());
  clock_.advance(std::chrono::minutes(2));
  ASSERT_TRUE(world_->pipelines.tidy());
  EXPECT_EQ(state(pipeline.id), "failed: a=infrastructure_fail");
}

}  // namespace
}  // namespace imp::ci
