#include "ci/pipelines/workflow_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace imp::ci {
namespace {

using config::JobType;
using config::RequiredStatus;

const std::vector<RequiredStatus> on_success{RequiredStatus::success};
const std::vector<RequiredStatus> terminal{RequiredStatus::success, RequiredStatus::failed,
                                           RequiredStatus::canceled, RequiredStatus::unauthorized,
                                           RequiredStatus::not_run};

JobNode build(std::vector<JobRequirement> requirements = {}) {
  return {JobType::build, JobStatus::blocked, std::move(requirements)};
}
JobNode approval(std::vector<JobRequirement> requirements = {}) {
  return {JobType::approval, JobStatus::blocked, std::move(requirements)};
}
std::string text(const std::vector<JobNode>& jobs) {
  std::string out;
  for (const JobNode& job : jobs) out += (out.empty() ? "" : " ") + std::string(name(job.status));
  return out;
}

TEST(WorkflowMachine, WhatARequirementAccepts) {
  const struct {
    JobStatus ended;
    RequiredStatus counts_as;
  } cases[] = {{JobStatus::success, RequiredStatus::success},
               {JobStatus::failed, RequiredStatus::failed},
               // CircleCI has no word of its own for these two in `requires`.
               {JobStatus::timedout, RequiredStatus::failed},
               {JobStatus::infrastructure_fail, RequiredStatus::failed},
               {JobStatus::canceled, RequiredStatus::canceled},
               {JobStatus::unauthorized, RequiredStatus::unauthorized},
               {JobStatus::not_run, RequiredStatus::not_run}};
  for (const auto& [ended, counts_as] : cases) {
    for (const RequiredStatus accepted : terminal) {
      EXPECT_EQ(satisfies(ended, {accepted}), accepted == counts_as) << name(ended);
    }
    EXPECT_TRUE(satisfies(ended, terminal));
  }
}

TEST(WorkflowMachine, AJobStartsWhenAllOfItsRequirementsAreMet) {
  std::vector<JobNode> jobs{build(), build(), build({{0, on_success}, {1, on_success}})};
  advance(jobs);
  EXPECT_EQ(text(jobs), "queued queued blocked");
  jobs[0].status = JobStatus::success;
  advance(jobs);
  EXPECT_EQ(text(jobs), "success queued blocked");
  jobs[1].status = JobStatus::success;
  advance(jobs);
  EXPECT_EQ(text(jobs), "success success queued");
}

TEST(WorkflowMachine, AMissedRequirementIsHandedDownWithoutWaitingForTheOthers) {
  std::vector<JobNode> jobs{build(), build(), build({{0, on_success}, {1, on_success}}),
                            build({{2, on_success}}), build({{2, {RequiredStatus::not_run}}})};
  advance(jobs);
  jobs[0].status = JobStatus::failed;
  advance(jobs);
  EXPECT_EQ(text(jobs), "failed queued not_run not_run queued");
}

TEST(WorkflowMachine, AnApprovalHoldsWhatIsBehindIt) {
  std::vector<JobNode> jobs{build(), approval({{0, on_success}}), build({{1, on_success}})};
  advance(jobs);
  jobs[0].status = JobStatus::success;
  advance(jobs);
  EXPECT_EQ(text(jobs), "success on_hold blocked");
  EXPECT_EQ(status_of(jobs, false), WorkflowStatus::on_hold);
}

TEST(WorkflowMachine, CancelingRunsNothingThatWaitsForTheCancelation) {
  // "requires: [a: canceled]" reacts to a canceled job, not to the end of everything.
  std::vector<JobNode> jobs{build(), build({{0, {RequiredStatus::canceled}}})};
  advance(jobs);
  cancel_waiting(jobs);
  advance(jobs);
  EXPECT_EQ(text(jobs), "canceled not_run");
  EXPECT_EQ(status_of(jobs, true), WorkflowStatus::canceled);
}

TEST(WorkflowMachine, StatusOfAWorkflow) {
  using enum JobStatus;
  const struct {
    std::vector<JobStatus> jobs;
    bool canceled;
    WorkflowStatus expected;
  } cases[] = {{{JobStatus::success}, false, WorkflowStatus::success},
               {{JobStatus::success, not_run}, false, WorkflowStatus::success},
               {{running, JobStatus::success}, false, WorkflowStatus::running},
               {{queued, on_hold}, false, WorkflowStatus::running},
               {{on_hold, blocked}, false, WorkflowStatus::on_hold},
               {{failed, running}, false, WorkflowStatus::failing},
               {{timedout, on_hold}, false, WorkflowStatus::failing},
               {{failed, JobStatus::success}, false, WorkflowStatus::failed},
               {{infrastructure_fail}, false, WorkflowStatus::failed},
               {{timedout, unauthorized}, false, WorkflowStatus::failed},
               {{unauthorized, not_run}, false, WorkflowStatus::unauthorized},
               {{unauthorized, running}, false, WorkflowStatus::running},
               {{canceled, JobStatus::success}, false, WorkflowStatus::canceled},
               {{failed, not_run}, true, WorkflowStatus::canceled},
               {{running, not_run}, true, WorkflowStatus::running}};
  for (const auto& [statuses, canceled, expected] : cases) {
    std::vector<JobNode> jobs;
    for (const JobStatus status : statuses) jobs.push_back({JobType::build, status, {}});
    EXPECT_EQ(status_of(jobs, canceled), expected) << text(jobs);
  }
}

TEST(WorkflowMachine, WhatARerunRuns) {
  using enum JobStatus;
  const struct {
    std::string title;
    std::vector<JobNode> jobs;
    RerunChoice choice;
    std::optional<std::vector<bool>> expected;
  } cases[] = {
      {"from start",
       {{JobType::build, JobStatus::success, {}}, {JobType::build, failed, {{0, on_success}}}},
       {},
       std::vector{true, true}},
      {"from failed keeps what succeeded",
       {{JobType::build, JobStatus::success, {}}, {JobType::build, failed, {{0, on_success}}}},
       {.from_failed = true, .chosen = {}},
       std::vector{false, true}},
      {"from failed runs what came after again, whatever became of it",
       {{JobType::build, failed, {}},
        {JobType::build, not_run, {{0, on_success}}},
        {JobType::build, JobStatus::success, {{0, {RequiredStatus::failed}}}}},
       {.from_failed = true, .chosen = {}},
       std::vector{true, true, true}},
      {"nothing failed",
       {{JobType::build, JobStatus::success, {}}, {JobType::build, not_run, {}}},
       {.from_failed = true, .chosen = {}},
       std::nullopt},
      {"a chosen job and what depends on it",
       {{JobType::build, JobStatus::success, {}},
        {JobType::build, JobStatus::success, {{0, on_success}}},
        {JobType::build, JobStatus::success, {{1, on_success}}},
        {JobType::build, JobStatus::success, {}}},
       {.from_failed = false, .chosen = {1}},
       std::vector{false, true, true, false}},
      {"an approval that was never given is not skipped by choosing what is behind it",
       {{JobType::approval, canceled, {}}, {JobType::build, not_run, {{0, on_success}}}},
       {.from_failed = false, .chosen = {1}},
       std::vector{true, true}},
  };
  for (const auto& [title, jobs, choice, expected] : cases) {
    EXPECT_EQ(jobs_to_rerun(jobs, choice), expected) << title;
  }
}

TEST(WorkflowMachine, UpstreamIsTransitive) {
  const std::vector<JobNode> jobs{build(), build({{0, on_success}}), build({{1, on_success}}),
                                  build()};
  EXPECT_EQ(upstream_of(jobs, 2), (std::vector{true, true, false, false}));
  EXPECT_EQ(upstream_of(jobs, 0), (std::vector{false, false, false, false}));
}

/// Random graphs, with ends of every kind in random order.
TEST(WorkflowMachine, EveryWorkflowEndsAndNothingStartsBeforeItMay) {
  constexpr std::array ends{JobStatus::success,      JobStatus::failed,
                            JobStatus::timedout,     JobStatus::canceled,
                            JobStatus::unauthorized, JobStatus::infrastructure_fail};
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](std::size_t limit) { return random() % limit; };
    std::vector<JobNode> jobs;
    for (std::size_t i = 0, count = 1 + below(12); i < count; ++i) {
      JobNode job = below(5) == 0 ? approval() : build();
      for (std::size_t needed = 0; needed < i; ++needed) {
        if (below(4) != 0) continue;
        std::vector<RequiredStatus> statuses{terminal[below(terminal.size())]};
        if (below(3) == 0) statuses = terminal;
        if (below(2) == 0) statuses = on_success;
        job.requirements.push_back({needed, statuses});
      }
      jobs.push_back(std::move(job));
    }
    advance(jobs);
    bool canceled = false;
    for (int step = 0; step < 200 && !has_ended(status_of(jobs, canceled)); ++step) {
      if (below(40) == 0) {
        cancel_waiting(jobs);
        canceled = true;
      }
      std::vector<std::size_t> open;
      for (std::size_t i = 0; i < jobs.size(); ++i) {
        const JobStatus status = jobs[i].status;
        ASSERT_FALSE(canceled && (status == JobStatus::queued || status == JobStatus::blocked))
            << "seed " << seed;
        if (status == JobStatus::queued || status == JobStatus::running ||
            status == JobStatus::on_hold) {
          open.push_back(i);
          for (const JobRequirement& requirement : jobs[i].requirements) {
            ASSERT_TRUE(satisfies(jobs[requirement.job].status, requirement.statuses))
                << "seed " << seed;
          }
        }
      }
      if (open.empty()) break;
      JobNode& chosen = jobs[open[below(open.size())]];
      if (chosen.status == JobStatus::queued && below(2) == 0) {
        chosen.status = JobStatus::running;
      } else if (chosen.type == JobType::approval) {
        chosen.status = below(4) == 0 ? JobStatus::canceled : JobStatus::success;
      } else {
        chosen.status = ends[below(ends.size())];
      }
      advance(jobs);
    }
    const bool all_ended =
        std::ranges::all_of(jobs, [](const JobNode& job) { return has_ended(job.status); });
    EXPECT_TRUE(all_ended) << "seed " << seed << ": " << text(jobs);
    EXPECT_TRUE(has_ended(status_of(jobs, canceled))) << "seed " << seed;
  }
}

}  // namespace
}  // namespace imp::ci
