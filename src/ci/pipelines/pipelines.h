#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ci/pipelines/controls.h"
#include "ci/pipelines/dispatch.h"
#include "ci/pipelines/pushes.h"
#include "ci/pipelines/reader.h"
#include "ci/pipelines/runner_tokens.h"
#include "ci/pipelines/running_jobs.h"
#include "ci/pipelines/services.h"
#include "ci/pipelines/triggers.h"

namespace imp::ci {

/// Needs the tables of accounts, audit, contexts, identity, projects and deploys.
std::vector<db::Migration> pipeline_migrations();

/// The engine, wired. Thread-safe once built; neither copied nor moved.
class Pipelines {
 public:
  explicit Pipelines(PipelineServices given);
  Pipelines(const Pipelines&) = delete;
  Pipelines& operator=(const Pipelines&) = delete;

  /// Takes up what the last process left half done; once, before the server takes requests.
  void recover();
  /// What has to happen every few seconds: leases that are over, pipelines that are still pending,
  /// workflows open for 90 days.
  Result<void> tidy();

  const PipelineServices services;
  Triggers triggers;
  Pushes pushes;
  WorkflowControls controls;
  JobDispatch dispatch;
  RunningJobs running;
  RunnerTokens runner_tokens;
  PipelineReader reader;
};

}  // namespace imp::ci
