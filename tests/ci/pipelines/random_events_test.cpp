// Users, runners and the clock in random order, over real tables, with restarts in between.

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "base/uuid.h"
#include "ci/pipelines/engine_fixture.h"
#include "ci/pipelines/rows.h"

namespace imp::ci {
namespace {

using runner::JobOutcome;

const std::string config =
    config_with({"a", "b", "c", "d", "e"},
                "- a\n- b:\n    requires: [a]\n- hold:\n    type: approval\n    requires: [a]\n"
                "- c:\n    requires: [hold, b]\n- d:\n    requires: [{b: [failed, canceled]}]\n"
                "- e:\n    requires: [{c: terminal}, {d: terminal}]");

class RandomEventsTest : public EngineTest {
 protected:
  std::size_t below(std::size_t limit) { return random_() % limit; }

  std::vector<WorkflowView> workflows() {
    return world_->pipelines.reader.pipeline(pipeline_.id).value().workflows;
  }
  template <class List>
  auto& one_of(List& list) {
    return list[below(list.size())];
  }

  void step() {
    auto views = workflows();
    const WorkflowView& view = one_of(views);
    const Job& job = one_of(view.jobs);
    auto& controls = world_->pipelines.controls;
    switch (below(12)) {
      case 0:
        (void)controls.cancel(view.workflow.id, actor(bob));
        break;
      case 1:
        (void)controls.cancel_job(job.id, actor(bob));
        break;
      case 2:
        (void)controls.rerun(view.workflow.id, {.from_failed = below(2) == 0}, actor(bob));
        break;
      case 3:
        (void)controls.rerun(view.workflow.id, {.jobs = {job.id}}, actor(bob));
        break;
      case 4:
        clock_.advance(std::chrono::seconds(below(50)));
        ASSERT_TRUE(world_->pipelines.tidy());
        break;
      case 5:
        restart();
        world_->pipelines.recover();
        break;
      case 6:
      case 7:
        for (const Job& other : view.jobs) {
          (void)controls.approve(view.workflow.id, other.id, actor(carol));
        }
        break;
      case 8:
      case 9:
        if (const auto ticket = claim()) take(*ticket);
        break;
      default:
        if (!held_.empty()) let_go();
    }
  }

  void take(const runner::JobTicket& ticket) {
    EXPECT_TRUE(ever_.insert(ticket.job_id).second) << "given to two claims: " << ticket.job_name;
    held_.push_back(ticket);
  }
  void let_go() {
    constexpr std::array outcomes{JobOutcome::success, JobOutcome::success, JobOutcome::failed,
                                  JobOutcome::timedout, JobOutcome::canceled};
    const std::size_t index = below(held_.size());
    const runner::JobTicket ticket = held_[index];
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
    const auto reply = world_->pipelines.running.apply(
        runner_, ticket.job_id,
        batch(ticket.lease, 1, {runner::JobFinished{one_of(outcomes), false, ""}}));
    if (!reply) {
      EXPECT_EQ(reply.error().code(), "lease_lost");
    }
  }

  void check() {
    for (const WorkflowView& view : workflows()) {
      const auto nodes = database_
                             ->read([&](db::Session& session) -> Result<std::vector<JobNode>> {
                               return nodes_of(jobs_of(session, view.workflow.id));
                             })
                             .value();
      EXPECT_EQ(view.workflow.status, status_of(nodes, !view.workflow.canceled_by.empty()));
      const bool all =
          std::ranges::all_of(view.jobs, [](const Job& job) { return has_ended(job.status); });
      EXPECT_EQ(all, has_ended(view.workflow.status));
      EXPECT_EQ(all, view.workflow.stopped.has_value());
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        const Job& job = view.jobs[i];
        EXPECT_EQ(has_ended(job.status), job.stopped.has_value()) << job.name;
        if (job.status != JobStatus::queued && job.status != JobStatus::running) continue;
        EXPECT_TRUE(job.number) << job.name;
        for (const JobRequirement& requirement : nodes[i].requirements) {
          EXPECT_TRUE(satisfies(nodes[requirement.job].status, requirement.statuses)) << job.name;
        }
      }
    }
  }

  std::mt19937 random_;
  Pipeline pipeline_;
  std::vector<runner::JobTicket> held_;
  std::set<std::string> ever_;
};

TEST_F(RandomEventsTest, EveryStateIsOneThatTheRulesAllow) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    random_.seed(seed);
    pipeline_ = push(widgets, "main",
                     {{".circleci/config.yml", config}, {"seed", std::to_string(seed)}}, alice)
                    .at(0);
    for (int i = 0; i < 40 && !HasFailure(); ++i) {
      step();
      check();
    }
    ASSERT_FALSE(HasFailure()) << "seed " << seed << "\n" << state(pipeline_.id);
    // Everybody goes home: what is held is given up, what waits is canceled.
    for (const WorkflowView& view : workflows()) {
      (void)world_->pipelines.controls.cancel(view.workflow.id, actor(bob));
    }
    held_.clear();
    clock_.advance(std::chrono::minutes(5));
    ASSERT_TRUE(world_->pipelines.tidy());
    check();
    for (const WorkflowView& view : workflows()) {
      EXPECT_TRUE(has_ended(view.workflow.status)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace imp::ci
