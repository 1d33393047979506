#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/failure.h"
#include "ci/config/compiled.h"
#include "ci/pipelines/status.h"

namespace imp::ci {

/// The rules by which the jobs of a workflow follow each other. Pure: statuses in, statuses out.

struct JobRequirement {
  std::size_t job = 0;  ///< index in the workflow's list
  std::vector<config::RequiredStatus> statuses;
};

struct JobNode {
  config::JobType type = config::JobType::build;
  JobStatus status = JobStatus::blocked;
  std::vector<JobRequirement> requirements;
};

/// Whether a job that ended like this lets the job with this requirement start. A timeout or a
/// failure of the infrastructure counts as `failed`.
bool satisfies(JobStatus ended, const std::vector<config::RequiredStatus>& accepted);

/// Moves blocked jobs on until nothing changes: to `queued` (approvals to `on_hold`) when all
/// requirements are met, to `not_run` when one of them can no longer be. A graph without cycles
/// keeps no job blocked for ever.
void advance(std::vector<JobNode>& jobs);

/// Stops a whole workflow: what waits for others will not run, what waits for a runner or a person
/// is canceled. Running jobs stay as they are: only their runner can end them.
void cancel_waiting(std::vector<JobNode>& jobs);

/// A workflow has ended when all of its jobs have. `canceled` says that somebody stopped it.
WorkflowStatus status_of(const std::vector<JobNode>& jobs, bool canceled);

/// Which jobs run again.
struct RerunChoice {
  bool from_failed = false;         ///< those that did not succeed
  std::vector<std::size_t> chosen;  ///< these; excludes from_failed. Neither: all of them
};

/// Marks the jobs that run again: those asked for, whatever depends on them directly or not, and
/// whatever they need that did not succeed, so that an approval that was never given cannot be
/// skipped. The others keep how they ended. Nothing when there is nothing to run.
std::optional<std::vector<bool>> jobs_to_rerun(const std::vector<JobNode>& jobs,
                                               const RerunChoice& choice);

/// All jobs that `job` needs, directly or not.
std::vector<bool> upstream_of(const std::vector<JobNode>& jobs, std::size_t job);

}  // namespace imp::ci
