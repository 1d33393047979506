#include "ci/pipelines/status.h"

#include <array>

namespace imp::ci {
namespace {

template <class Enum, std::size_t Count>
std::optional<Enum> find(const std::array<Enum, Count>& all, std::string_view text) {
  for (const Enum value : all) {
    if (name(value) == text) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(PipelineState state) {
  switch (state) {
    case PipelineState::pending:
      return "pending";
    case PipelineState::created:
      return "created";
    case PipelineState::errored:
      return "errored";
  }
  return "";
}

std::optional<PipelineState> pipeline_state(std::string_view text) {
  return find(std::array{PipelineState::pending, PipelineState::created, PipelineState::errored},
              text);
}

std::string_view name(WorkflowStatus status) {
  switch (status) {
    case WorkflowStatus::running:
      return "running";
    case WorkflowStatus::on_hold:
      return "on_hold";
    case WorkflowStatus::failing:
      return "failing";
    case WorkflowStatus::success:
      return "success";
    case WorkflowStatus::failed:
      return "failed";
    case WorkflowStatus::canceled:
      return "canceled";
    case WorkflowStatus::unauthorized:
      return "unauthorized";
  }
  return "";
}

std::optional<WorkflowStatus> workflow_status(std::string_view text) {
  return find(std::array{WorkflowStatus::running, WorkflowStatus::on_hold, WorkflowStatus::failing,
                         WorkflowStatus::success, WorkflowStatus::failed, WorkflowStatus::canceled,
                         WorkflowStatus::unauthorized},
              text);
}

bool has_ended(WorkflowStatus status) { return status >= WorkflowStatus::success; }

std::string_view name(JobStatus status) {
  switch (status) {
    case JobStatus::blocked:
      return "blocked";
    case JobStatus::on_hold:
      return "on_hold";
    case JobStatus::queued:
      return "queued";
    case JobStatus::running:
      return "running";
    case JobStatus::success:
      return "success";
    case JobStatus::failed:
      return "failed";
    case JobStatus::infrastructure_fail:
      return "infrastructure_fail";
    case JobStatus::timedout:
      return "timedout";
    case JobStatus::canceled:
      return "canceled";
    case JobStatus::unauthorized:
      return "unauthorized";
    case JobStatus::not_run:
      return "not_run";
  }
  return "";
}

std::optional<JobStatus> job_status(std::string_view text) {
  return find(std::array{JobStatus::blocked, JobStatus::on_hold, JobStatus::queued,
                         JobStatus::running, JobStatus::success, JobStatus::failed,
                         JobStatus::infrastructure_fail, JobStatus::timedout, JobStatus::canceled,
                         JobStatus::unauthorized, JobStatus::not_run},
              text);
}

bool has_ended(JobStatus status) { return status >= JobStatus::success; }

}  // namespace imp::ci
