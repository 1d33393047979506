#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/failure.h"

namespace imp::ci {

enum class DeployRefusal {
  missing_target_version,
  invalid_deploy_field,
  several_environments,
  several_components,
  deploy_exists,
  deploy_not_found,
  invalid_status,
  deploy_finished,
  environment_not_found,
  component_not_found,
};
Reason reason(DeployRefusal refusal);

/// PENDING → RUNNING → SUCCESS | FAILED | CANCELED; the last three are final. `logged` markers
/// (from `release log`) have no status and never change.
enum class DeployStatus { logged, pending, running, success, failed, canceled };

std::string_view name(DeployStatus status);  ///< "PENDING", …; empty for logged
/// The inverse of name().
std::optional<DeployStatus> deploy_status(std::string_view name);
/// What an update may ask for, whatever its case: RUNNING, SUCCESS, FAILED, CANCELED.
std::optional<DeployStatus> requested_status(std::string_view text);
bool is_final(DeployStatus status);

/// Where software runs ("production"). Belongs to an organisation.
struct DeployEnvironment {
  std::string id;
  std::string organization_id;
  std::string name;
  Time created;
};

/// What is deployed ("api"). Belongs to a project.
struct DeployComponent {
  std::string id;
  std::string organization_id;
  std::string project_id;
  std::string name;
  std::int64_t release_count = 0;  ///< deployments so far
  Time created;
};

/// A version of a component in an environment and namespace.
struct DeployVersion {
  std::string name;
  std::string namespace_name;
  std::string component_id;
  std::string environment_id;
  bool live = false;
  std::string pipeline_id, workflow_id, job_id;  ///< of its last deployment
  std::int64_t job_number = 0;
  Time last_deployed;
};

/// One deployment: a planned one that is moved by updates, or a logged marker.
struct Deployment {
  std::string id;
  std::string organization_id;
  std::string project_id;
  std::string name;  ///< the deploy-name; empty for logged markers
  std::string component_id, component_name;
  std::string environment_id, environment_name;
  std::string namespace_name;
  std::string target_version;
  std::string previous_version;  ///< live when this was made; empty when none was
  std::string strategy;          ///< e.g. "deployment"
  bool rollback = false;
  DeployStatus status = DeployStatus::pending;
  std::string failure_reason;
  std::string pipeline_id, workflow_id, job_id;
  std::int64_t job_number = 0;
  Time created;
  std::optional<Time> ended;
};

}  // namespace imp::ci
