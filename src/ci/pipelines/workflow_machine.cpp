#include "ci/pipelines/workflow_machine.h"

#include <algorithm>

namespace imp::ci {
namespace {

config::RequiredStatus outcome_of(JobStatus ended) {
  switch (ended) {
    case JobStatus::success:
      return config::RequiredStatus::success;
    case JobStatus::canceled:
      return config::RequiredStatus::canceled;
    case JobStatus::unauthorized:
      return config::RequiredStatus::unauthorized;
    case JobStatus::not_run:
      return config::RequiredStatus::not_run;
    default:
      return config::RequiredStatus::failed;
  }
}

JobStatus next_status(const std::vector<JobNode>& jobs, const JobNode& job) {
  bool waiting = false;
  for (const JobRequirement& requirement : job.requirements) {
    const JobStatus needed = jobs.at(requirement.job).status;
    if (!has_ended(needed)) {
      waiting = true;
    } else if (!satisfies(needed, requirement.statuses)) {
      return JobStatus::not_run;
    }
  }
  if (waiting) return JobStatus::blocked;
  return job.type == config::JobType::approval ? JobStatus::on_hold : JobStatus::queued;
}

bool is_failure(JobStatus status) {
  return status == JobStatus::failed || status == JobStatus::infrastructure_fail ||
         status == JobStatus::timedout;
}

/// Adds to `marked` every job that depends on a marked one.
void mark_downstream(const std::vector<JobNode>& jobs, std::vector<bool>& marked) {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (marked[i]) continue;
      marked[i] = std::ranges::any_of(jobs[i].requirements, [&](const JobRequirement& requirement) {
        return marked.at(requirement.job);
      });
      changed = changed || marked[i];
    }
  }
}

/// Adds to `marked` every job that a marked one needs and that `wanted` says yes to.
template <class Wanted>
void mark_upstream(const std::vector<JobNode>& jobs, std::vector<bool>& marked, Wanted wanted) {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (!marked[i]) continue;
      for (const JobRequirement& requirement : jobs[i].requirements) {
        if (marked.at(requirement.job) || !wanted(jobs[requirement.job])) continue;
        marked[requirement.job] = true;
        changed = true;
      }
    }
  }
}

}  // namespace

bool satisfies(JobStatus ended, const std::vector<config::RequiredStatus>& accepted) {
  return std::ranges::find(accepted, outcome_of(ended)) != accepted.end();
}

void advance(std::vector<JobNode>& jobs) {
  for (bool changed = true; changed;) {
    changed = false;
    for (JobNode& job : jobs) {
      if (job.status != JobStatus::blocked) continue;
      job.status = next_status(jobs, job);
      changed = changed || job.status != JobStatus::blocked;
    }
  }
}

void cancel_waiting(std::vector<JobNode>& jobs) {
  for (JobNode& job : jobs) {
    if (job.status == JobStatus::blocked) job.status = JobStatus::not_run;
    if (job.status == JobStatus::queued || job.status == JobStatus::on_hold) {
      job.status = JobStatus::canceled;
    }
  }
}

WorkflowStatus status_of(const std::vector<JobNode>& jobs, bool canceled) {
  const auto any = [&](auto matches) {
    return std::ranges::any_of(jobs, [&](const JobNode& job) { return matches(job.status); });
  };
  const auto is = [](JobStatus wanted) {
    return [wanted](JobStatus status) { return status == wanted; };
  };
  const bool failed = any(is_failure);
  if (any([](JobStatus status) { return !has_ended(status); })) {
    const bool active = any([](JobStatus status) {
      return status == JobStatus::queued || status == JobStatus::running;
    });
    if (failed) return WorkflowStatus::failing;
    return active ? WorkflowStatus::running : WorkflowStatus::on_hold;
  }
  if (canceled) return WorkflowStatus::canceled;
  if (failed) return WorkflowStatus::failed;
  if (any(is(JobStatus::unauthorized))) return WorkflowStatus::unauthorized;
  if (any(is(JobStatus::canceled))) return WorkflowStatus::canceled;
  return WorkflowStatus::success;
}

std::optional<std::vector<bool>> jobs_to_rerun(const std::vector<JobNode>& jobs,
                                               const RerunChoice& choice) {
  std::vector<bool> marked(jobs.size(), !choice.from_failed && choice.chosen.empty());
  for (const std::size_t job : choice.chosen) marked.at(job) = true;
  for (std::size_t i = 0; choice.from_failed && i < jobs.size(); ++i) {
    marked[i] = jobs[i].status != JobStatus::success && jobs[i].status != JobStatus::not_run;
  }
  if (std::ranges::find(marked, true) == marked.end()) return std::nullopt;
  // What is added upstream has dependants of its own, and they have other needs.
  for (std::vector<bool> before; before != marked;) {
    before = marked;
    mark_downstream(jobs, marked);
    mark_upstream(jobs, marked,
                  [](const JobNode& job) { return job.status != JobStatus::success; });
  }
  return marked;
}

std::vector<bool> upstream_of(const std::vector<JobNode>& jobs, std::size_t job) {
  std::vector<bool> marked(jobs.size(), false);
  marked.at(job) = true;
  mark_upstream(jobs, marked, [](const JobNode&) { return true; });
  marked[job] = false;
  return marked;
}

}  // namespace imp::ci
