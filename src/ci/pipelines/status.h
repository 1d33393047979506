#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace imp::ci {

/// The words are CircleCI's, on the wire and in the tables.

enum class PipelineState : std::uint8_t {
  pending,  ///< triggered; its configuration is not read yet
  created,  ///< compiled; its workflows, if any, exist
  errored,  ///< the configuration could not be read or compiled
};
std::string_view name(PipelineState state);
std::optional<PipelineState> pipeline_state(std::string_view name);

enum class WorkflowStatus : std::uint8_t {
  running,
  on_hold,  ///< nothing runs; an approval is awaited
  failing,  ///< a job has failed, others still run
  success,
  failed,
  canceled,
  unauthorized,  ///< no job failed, but one was not allowed to use its contexts
};
std::string_view name(WorkflowStatus status);
std::optional<WorkflowStatus> workflow_status(std::string_view name);
bool has_ended(WorkflowStatus status);

enum class JobStatus : std::uint8_t {
  blocked,  ///< waits for other jobs
  on_hold,  ///< an approval that nobody has given yet
  queued,   ///< waits for a runner
  running,
  success,
  failed,
  infrastructure_fail,  ///< the runner vanished, or could not run it
  timedout,
  canceled,
  unauthorized,  ///< a context was withheld; no step ran
  not_run,       ///< the jobs it requires did not end as it requires
};
std::string_view name(JobStatus status);
std::optional<JobStatus> job_status(std::string_view name);
bool has_ended(JobStatus status);

}  // namespace imp::ci
