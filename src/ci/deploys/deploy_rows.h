#pragma once

#include <optional>
#include <string_view>

#include "ci/deploys/deploy.h"
#include "db/database.h"

namespace imp::ci {

/// What deployment_of() reads, in its order, from ci_deployments d, ci_deploy_components c and
/// ci_deploy_environments e.
inline constexpr std::string_view deployment_query =
    "SELECT d.id, d.organization_id, d.project_id, d.name, d.component_id, c.name, "
    "d.environment_id, e.name, d.namespace, d.target_version, d.previous_version, d.strategy, "
    "d.is_rollback, d.status, d.failure_reason, d.pipeline_id, d.workflow_id, d.job_id, "
    "d.job_number, d.created, d.ended, d.position FROM ci_deployments d "
    "JOIN ci_deploy_components c ON c.id = d.component_id "
    "JOIN ci_deploy_environments e ON e.id = d.environment_id ";
Deployment deployment_of(const db::Row& row);

/// Columns: id, organization_id, name, created.
DeployEnvironment environment_of(const db::Row& row);

/// Columns: component_id, environment_id, namespace, version, is_live, pipeline_id, workflow_id,
/// job_id, job_number, last_deployed.
inline constexpr std::string_view version_columns =
    "component_id, environment_id, namespace, version, is_live, pipeline_id, workflow_id, job_id, "
    "job_number, last_deployed";
DeployVersion version_of(const db::Row& row);
std::optional<DeployVersion> live_version_of(db::Session& session, std::string_view component_id,
                                             std::string_view environment_id,
                                             std::string_view namespace_name);

}  // namespace imp::ci
