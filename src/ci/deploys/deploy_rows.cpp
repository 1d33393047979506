#include "ci/deploys/deploy_rows.h"

#include <fmt/format.h>

namespace imp::ci {

Deployment deployment_of(const db::Row& row) {
  Deployment deployment;
  deployment.id = row.text(0);
  deployment.organization_id = row.text(1);
  deployment.project_id = row.text(2);
  deployment.name = row.text(3);
  deployment.component_id = row.text(4);
  deployment.component_name = row.text(5);
  deployment.environment_id = row.text(6);
  deployment.environment_name = row.text(7);
  deployment.namespace_name = row.text(8);
  deployment.target_version = row.text(9);
  deployment.previous_version = row.text(10);
  deployment.strategy = row.text(11);
  deployment.rollback = row.flag(12);
  deployment.status = deploy_status(row.text(13)).value_or(DeployStatus::logged);
  deployment.failure_reason = row.text(14);
  deployment.pipeline_id = row.text(15);
  deployment.workflow_id = row.text(16);
  deployment.job_id = row.text(17);
  deployment.job_number = row.integer(18);
  deployment.created = from_milliseconds(row.integer(19));
  if (const auto ended = row.maybe_integer(20)) deployment.ended = from_milliseconds(*ended);
  return deployment;
}

DeployEnvironment environment_of(const db::Row& row) {
  return {row.text(0), row.text(1), row.text(2), from_milliseconds(row.integer(3))};
}

DeployVersion version_of(const db::Row& row) {
  DeployVersion version;
  version.component_id = row.text(0);
  version.environment_id = row.text(1);
  version.namespace_name = row.text(2);
  version.name = row.text(3);
  version.live = row.flag(4);
  version.pipeline_id = row.text(5);
  version.workflow_id = row.text(6);
  version.job_id = row.text(7);
  version.job_number = row.integer(8);
  version.last_deployed = from_milliseconds(row.integer(9));
  return version;
}

std::optional<DeployVersion> live_version_of(db::Session& session, std::string_view component_id,
                                             std::string_view environment_id,
                                             std::string_view namespace_name) {
  const auto row = session.row(
      fmt::format("SELECT {} FROM ci_deploy_versions WHERE component_id = :p1 AND "
                  "environment_id = :p2 AND namespace = :p3 AND is_live = 1",
                  version_columns),
      {std::string(component_id), std::string(environment_id), std::string(namespace_name)});
  if (!row) return std::nullopt;
  return version_of(*row);
}

}  // namespace imp::ci
