#include "ci/deploys/deploy_targets.h"

#include <fmt/format.h>

#include "base/uuid.h"

namespace imp::ci {
namespace {

std::string listed(const std::vector<db::Row>& rows) {
  std::string text;
  for (const db::Row& row : rows) text += (text.empty() ? "" : ", ") + row.text(1);
  return text;
}

std::string find_or_make_environment(db::Session& session, const DeployJob& job,
                                     std::string_view name, Time now) {
  session.insert_if_absent(
      "INSERT INTO ci_deploy_environments (id, organization_id, name, created) "
      "VALUES (:p1, :p2, :p3, :p4) ON CONFLICT DO NOTHING",
      {new_uuid(), job.organization_id, std::string(name), to_milliseconds(now)});
  return session
      .row("SELECT id FROM ci_deploy_environments WHERE organization_id = :p1 AND name = :p2",
           {job.organization_id, std::string(name)})
      ->text(0);
}

std::string find_or_make_component(db::Session& session, const DeployJob& job,
                                   std::string_view name, Time now) {
  session.insert_if_absent(
      "INSERT INTO ci_deploy_components (id, organization_id, project_id, name, created) "
      "VALUES (:p1, :p2, :p3, :p4, :p5) ON CONFLICT DO NOTHING",
      {new_uuid(), job.organization_id, job.project_id, std::string(name), to_milliseconds(now)});
  return session
      .row("SELECT id FROM ci_deploy_components WHERE project_id = :p1 AND name = :p2",
           {job.project_id, std::string(name)})
      ->text(0);
}

Result<std::string> environment_for(db::Session& session, const DeployJob& job,
                                    const std::string& wanted, Time now) {
  if (!wanted.empty()) return find_or_make_environment(session, job, wanted, now);
  const auto known = session.rows(
      "SELECT id, name FROM ci_deploy_environments WHERE organization_id = :p1 ORDER BY name",
      {job.organization_id});
  if (known.empty()) return find_or_make_environment(session, job, "default", now);
  if (known.size() == 1) return known.front().text(0);
  return refuse(
      DeployRefusal::several_environments,
      fmt::format("Multiple environments found: {}. Please specify target environment with "
                  "--environment-name.",
                  listed(known)));
}

Result<std::string> component_for(db::Session& session, const DeployJob& job,
                                  const std::string& wanted, Time now) {
  if (!wanted.empty()) return find_or_make_component(session, job, wanted, now);
  const auto known =
      session.rows("SELECT id, name FROM ci_deploy_components WHERE project_id = :p1 ORDER BY name",
                   {job.project_id});
  if (known.empty()) return find_or_make_component(session, job, job.project_name, now);
  if (known.size() == 1) return known.front().text(0);
  return refuse(DeployRefusal::several_components,
                fmt::format("Multiple components found: {}. Please specify target component with "
                            "--component-name.",
                            listed(known)));
}

}  // namespace

Result<DeployTarget> resolve_target(db::Session& session, const DeployJob& job,
                                    const DeployPlan& plan, Time now) {
  auto environment = environment_for(session, job, plan.environment_name, now);
  if (!environment) return pass_on(environment);
  auto component = component_for(session, job, plan.component_name, now);
  if (!component) return pass_on(component);
  return DeployTarget{std::move(*environment), std::move(*component)};
}

void make_live(db::Session& session, const Deployment& deployment, Time now) {
  session.run(
      "UPDATE ci_deploy_versions SET is_live = 0 WHERE component_id = :p1 AND environment_id = :p2 "
      "AND namespace = :p3 AND is_live = 1",
      {deployment.component_id, deployment.environment_id, deployment.namespace_name});
  session.run(
      "DELETE FROM ci_deploy_versions WHERE component_id = :p1 AND environment_id = :p2 "
      "AND namespace = :p3 AND version = :p4",
      {deployment.component_id, deployment.environment_id, deployment.namespace_name,
       deployment.target_version});
  session.run(
      "INSERT INTO ci_deploy_versions (component_id, environment_id, namespace, version, is_live, "
      "pipeline_id, workflow_id, job_id, job_number, last_deployed) "
      "VALUES (:p1, :p2, :p3, :p4, 1, :p5, :p6, :p7, :p8, :p9)",
      {deployment.component_id, deployment.environment_id, deployment.namespace_name,
       deployment.target_version, deployment.pipeline_id, deployment.workflow_id, deployment.job_id,
       deployment.job_number, to_milliseconds(now)});
}

}  // namespace imp::ci
