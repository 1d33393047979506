#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ci/config/compiled.h"
#include "ci/pipelines/status.h"

namespace imp::ci {

/// A run of one configuration file.
struct Pipeline {
  std::string id;  ///< UUID; the `pipeline-id` claim
  std::string project_id;
  std::int64_t number = 0;  ///< from 1 in its project
  std::string definition_id, definition_name, config_path;
  PipelineState state = PipelineState::pending;
  std::string event_name;            ///< "api", "push" or "pull_request"
  std::string event_action;          ///< the same, or "opened" or "synchronize"
  std::string actor_id, actor_name;  ///< who pushed, asked, or opened the pull request

  /// What is checked out. For a pull request of a fork, the fork's; `branch` is then
  /// "pull/<number>", so that no rule about a branch of the project takes it for that branch.
  std::string source_project_id;
  std::string branch, tag;  ///< exactly one is set
  std::string source_ref;   ///< where the commit is in the source's repository: "refs/heads/main"
  std::string revision, base_revision;
  std::string config_ref, config_revision;  ///< where the configuration was read
  bool from_fork = false;
  std::int64_t pull_request = 0;  ///< 0: none
  std::string commit_subject;

  std::string errors;    ///< why it is errored: one problem a line
  std::string warnings;  ///< of the compiler, one a line
  Time created;
};

struct Workflow {
  std::string id;  ///< UUID; the `workflow-id` claim
  std::string pipeline_id, project_id;
  std::string name;
  WorkflowStatus status = WorkflowStatus::running;
  std::string actor_id, actor_name;  ///< who caused it: the pipeline's actor, or who ran it again
  std::string canceled_by;           ///< a name; empty when nobody has
  std::string rerun_of;              ///< the workflow it repeats
  std::string workspace_id;          ///< shared by a workflow and its reruns
  Time created;
  std::optional<Time> stopped;
};

struct Requirement {
  std::string job;  ///< name
  std::vector<config::RequiredStatus> statuses;
};

/// A job as pages and the API show it.
struct Job {
  std::string id;  ///< UUID; the `job-id` claim; of an approval, the approval_request_id
  std::string workflow_id, pipeline_id, project_id;
  std::optional<std::int64_t> number;  ///< CIRCLE_BUILD_NUM; nothing before it is queued
  std::string name;
  config::JobType type = config::JobType::build;
  JobStatus status = JobStatus::blocked;
  std::string reason;  ///< why it ended like this, or what was withheld; may be empty
  std::vector<Requirement> requirements;
  std::vector<std::string> contexts;  ///< names, as the job lists them
  bool ssh = false;                   ///< rerun with SSH
  std::string approver_name;
  std::string reused_from;  ///< the job of an earlier workflow whose result stands for this one
  std::string runner_name;
  bool cancel_requested = false;
  std::optional<Time> queued, started, stopped;
};

struct JobStep {
  std::uint32_t number = 0;  ///< 0 is the runner's preparation
  std::string name;
  std::string outcome;  ///< "running", "success", "failed", "timedout" or "canceled"
  std::optional<std::int32_t> exit_code;
  std::optional<Time> started, stopped;
};

}  // namespace imp::ci
