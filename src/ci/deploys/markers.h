#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ci/deploys/deploy.h"
#include "db/database.h"

namespace imp::ci {

std::vector<db::Migration> deploy_migrations();

/// The job whose step runs a `circleci run release` command.
struct DeployJob {
  std::string organization_id;
  std::string project_id;
  std::string project_name;  ///< names the first component when the command names none
  std::string pipeline_id;
  std::string workflow_id;
  std::string job_id;
  std::int64_t job_number = 0;
};

/// The flags of `release plan` and `release log`.
struct DeployPlan {
  std::string deploy_name = "default";  ///< unique within the workflow; `log` ignores it
  std::string target_version;           ///< required
  std::string environment_name;         ///< empty: the only one, or a new "default"
  std::string component_name;           ///< empty: the only one, or a new one named as the project
  std::string namespace_name = "default";
  std::string release_strategy = "deployment";
  bool rollback = false;
};

/// The flags of `release update`.
struct DeployUpdate {
  std::string deploy_name = "default";
  std::string status;  ///< RUNNING, SUCCESS, FAILED or CANCELED, whatever its case
  std::string failure_reason;
  bool keep_target_version_live = false;  ///< also after FAILED or CANCELED
};

/// Deploy markers. Environments and components that a command names are made when they are new.
/// SUCCESS makes the target version the live one of its component, environment and namespace;
/// FAILED and CANCELED leave the live version alone unless the update says otherwise.
///
/// With a session, in its transaction: where whether the job may do it is looked up there as well.
/// A refusal must roll that back, for environments and components may have been made already.
class DeployMarkers {
 public:
  DeployMarkers(db::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// `release plan`: a deployment in state PENDING.
  Result<Deployment> plan(const DeployJob& job, const DeployPlan& plan);
  Result<Deployment> plan(db::Session& session, const DeployJob& job, const DeployPlan& plan);
  /// `release update`: finds the deployment by its name in the workflow. Final states are final.
  Result<Deployment> update(const DeployJob& job, const DeployUpdate& update);
  Result<Deployment> update(db::Session& session, const DeployJob& job, const DeployUpdate& update);
  /// `release log`: a marker without status; its version is live at once. Only the first one of a
  /// job counts: later calls answer with it and change nothing.
  Result<Deployment> log(const DeployJob& job, const DeployPlan& plan);
  Result<Deployment> log(db::Session& session, const DeployJob& job, const DeployPlan& plan);

 private:
  db::Database& database_;
  const Clock& clock_;
};

}  // namespace imp::ci
