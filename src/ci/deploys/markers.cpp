#include "ci/deploys/markers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "audit/log.h"
#include "base/encoding.h"
#include "base/uuid.h"
#include "ci/contexts/audit_record.h"
#include "ci/deploys/deploy_rows.h"
#include "ci/deploys/deploy_targets.h"

namespace imp::ci {
namespace {

constexpr std::size_t field_limit = 255, failure_reason_limit = 2000;

bool is_clean(std::string_view text) {
  return is_utf8(text) &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

Result<void> check(const DeployPlan& plan) {
  if (plan.target_version.empty()) {
    return refuse(DeployRefusal::missing_target_version,
                  "--target-version is required: the version that is being deployed.");
  }
  const std::array fields{std::pair{"deploy name", &plan.deploy_name},
                          std::pair{"--target-version", &plan.target_version},
                          std::pair{"--environment-name", &plan.environment_name},
                          std::pair{"--component-name", &plan.component_name},
                          std::pair{"--namespace", &plan.namespace_name},
                          std::pair{"--release-strategy", &plan.release_strategy}};
  for (const auto& [name, value] : fields) {
    if (value->size() > field_limit || !is_clean(*value)) {
      return refuse(DeployRefusal::invalid_deploy_field,
                    fmt::format("The {} has at most {} bytes of text without control characters.",
                                name, field_limit));
    }
  }
  if (plan.deploy_name.empty() || plan.namespace_name.empty() || plan.release_strategy.empty()) {
    return refuse(DeployRefusal::invalid_deploy_field,
                  "The deploy name, --namespace and --release-strategy are not empty when given.");
  }
  return {};
}

std::optional<Deployment> find_by_name(db::Session& session, std::string_view workflow_id,
                                       std::string_view name) {
  const auto row =
      session.row(fmt::format("{} WHERE d.workflow_id = :p1 AND d.name = :p2 AND d.status <> ''",
                              deployment_query),
                  {std::string(workflow_id), std::string(name)});
  if (!row) return std::nullopt;
  return deployment_of(*row);
}

std::optional<Deployment> find_logged(db::Session& session, std::string_view job_id) {
  const auto row =
      session.row(fmt::format("{} WHERE d.job_id = :p1 AND d.status = ''", deployment_query),
                  {std::string(job_id)});
  if (!row) return std::nullopt;
  return deployment_of(*row);
}

std::optional<Deployment> find_by_id(db::Session& session, std::string_view id) {
  const auto row =
      session.row(fmt::format("{} WHERE d.id = :p1", deployment_query), {std::string(id)});
  if (!row) return std::nullopt;
  return deployment_of(*row);
}

/// Makes the deployment's row; its names come back from the tables of their own.
Result<Deployment> insert(db::Session& session, const DeployJob& job, const DeployPlan& plan,
                          DeployStatus status, Time now) {
  const auto target = resolve_target(session, job, plan, now);
  if (!target) return pass_on(target);
  const auto live =
      live_version_of(session, target->component_id, target->environment_id, plan.namespace_name);
  const auto last =
      session.row("SELECT MAX(position) FROM ci_deployments WHERE organization_id = :p1",
                  {job.organization_id});
  const std::string id = new_uuid();
  db::Value ended;
  if (status == DeployStatus::logged) ended = to_milliseconds(now);
  session.run(
      "INSERT INTO ci_deployments (id, organization_id, project_id, name, component_id, "
      "environment_id, namespace, target_version, previous_version, strategy, is_rollback, status, "
      "failure_reason, pipeline_id, workflow_id, job_id, job_number, created, ended, position) "
      "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12, '', :p13, :p14, "
      ":p15, "
      ":p16, :p17, :p18, :p19)",
      {id, job.organization_id, job.project_id,
       status == DeployStatus::logged ? std::string() : plan.deploy_name, target->component_id,
       target->environment_id, plan.namespace_name, plan.target_version, live ? live->name : "",
       plan.release_strategy, std::int64_t{plan.rollback}, std::string(name(status)),
       job.pipeline_id, job.workflow_id, job.job_id, job.job_number, to_milliseconds(now), ended,
       (last ? last->integer(0) : 0) + 1});
  return *find_by_id(session, id);
}

audit::Record record_of(const DeployJob& job, std::string action, const Deployment& deployment,
                        Time now) {
  return audit_record(accounts::Actor::system("job:" + job.job_id), std::move(action),
                      "deployment:" + deployment.id, job.organization_id, now,
                      {{"name", deployment.name},
                       {"component", deployment.component_name},
                       {"environment", deployment.environment_name},
                       {"namespace", deployment.namespace_name},
                       {"version", deployment.target_version},
                       {"status", name(deployment.status)},
                       {"project", job.project_id}});
}

}  // namespace

std::vector<db::Migration> deploy_migrations() {
  return {
      {"ci-deploys/1",
       "CREATE TABLE ci_deploy_environments (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, "
       "name TEXT NOT NULL, created BIGINT NOT NULL, UNIQUE (organization_id, name));\n"
       "CREATE TABLE ci_deploy_components (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, "
       "project_id TEXT NOT NULL, name TEXT NOT NULL, created BIGINT NOT NULL, "
       "UNIQUE (project_id, name));\n"
       "CREATE TABLE ci_deployments (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, "
       "project_id TEXT NOT NULL, name TEXT NOT NULL, component_id TEXT NOT NULL, "
       "environment_id TEXT NOT NULL, namespace TEXT NOT NULL, target_version TEXT NOT NULL, "
       "previous_version TEXT NOT NULL, strategy TEXT NOT NULL, is_rollback INTEGER NOT NULL, "
       "status TEXT NOT NULL, failure_reason TEXT NOT NULL, pipeline_id TEXT NOT NULL, "
       "workflow_id TEXT NOT NULL, job_id TEXT NOT NULL, job_number BIGINT NOT NULL, "
       "created BIGINT NOT NULL, ended BIGINT, position BIGINT NOT NULL, "
       "UNIQUE (organization_id, position));\n"
       "CREATE UNIQUE INDEX ci_deployments_planned ON ci_deployments (workflow_id, name) "
       "WHERE status <> '';\n"
       "CREATE UNIQUE INDEX ci_deployments_logged ON ci_deployments (job_id) "
       "WHERE status = '';\n"
       "CREATE TABLE ci_deploy_versions (component_id TEXT NOT NULL, "
       "environment_id TEXT NOT NULL, namespace TEXT NOT NULL, version TEXT NOT NULL, "
       "is_live INTEGER NOT NULL, pipeline_id TEXT NOT NULL, workflow_id TEXT NOT NULL, "
       "job_id TEXT NOT NULL, job_number BIGINT NOT NULL, last_deployed BIGINT NOT NULL, "
       "PRIMARY KEY (component_id, environment_id, namespace, version));\n"
       "CREATE UNIQUE INDEX ci_deploy_versions_live ON ci_deploy_versions "
       "(component_id, environment_id, namespace) WHERE is_live = 1;\n"}};
}

Result<Deployment> DeployMarkers::plan(const DeployJob& job, const DeployPlan& plan) {
  return database_.write([&](db::Session& session) { return this->plan(session, job, plan); });
}

Result<Deployment> DeployMarkers::update(const DeployJob& job, const DeployUpdate& update) {
  return database_.write([&](db::Session& session) { return this->update(session, job, update); });
}

Result<Deployment> DeployMarkers::log(const DeployJob& job, const DeployPlan& plan) {
  return database_.write([&](db::Session& session) { return log(session, job, plan); });
}

Result<Deployment> DeployMarkers::plan(db::Session& session, const DeployJob& job,
                                       const DeployPlan& plan) {
  if (auto checked = check(plan); !checked) return pass_on(checked);
  if (find_by_name(session, job.workflow_id, plan.deploy_name)) {
    return refuse(DeployRefusal::deploy_exists,
                  fmt::format("This workflow has planned a deploy named \"{}\" already; give the "
                              "other one a name of its own.",
                              plan.deploy_name));
  }
  auto deployment = insert(session, job, plan, DeployStatus::pending, clock_.now());
  if (!deployment) return deployment;
  audit::append(session, record_of(job, "deploy.plan", *deployment, deployment->created));
  return deployment;
}

Result<Deployment> DeployMarkers::update(db::Session& session, const DeployJob& job,
                                         const DeployUpdate& update) {
  const auto status = requested_status(update.status);
  if (!status) {
    return refuse(DeployRefusal::invalid_status,
                  "--status is one of RUNNING, SUCCESS, FAILED and CANCELED.");
  }
  if (update.failure_reason.size() > failure_reason_limit || !is_utf8(update.failure_reason)) {
    return refuse(
        DeployRefusal::invalid_deploy_field,
        fmt::format("--failure-reason has at most {} bytes of text.", failure_reason_limit));
  }
  auto deployment = find_by_name(session, job.workflow_id, update.deploy_name);
  if (!deployment) {
    return refuse(
        DeployRefusal::deploy_not_found,
        fmt::format("This workflow has planned no deploy named \"{}\"; run \"circleci run "
                    "release plan {}\" first.",
                    update.deploy_name, update.deploy_name));
  }
  if (is_final(deployment->status)) {
    return refuse(DeployRefusal::deploy_finished,
                  fmt::format("The deploy \"{}\" has ended with {}; its status cannot change.",
                              update.deploy_name, name(deployment->status)));
  }
  const Time now = clock_.now();
  deployment->status = *status;
  deployment->failure_reason = update.failure_reason;
  if (is_final(*status)) deployment->ended = now;
  db::Value ended;
  if (deployment->ended) ended = to_milliseconds(*deployment->ended);
  session.run(
      "UPDATE ci_deployments SET status = :p1, failure_reason = :p2, ended = :p3 WHERE id = :p4",
      {std::string(name(*status)), deployment->failure_reason, ended, deployment->id});
  const bool target_is_live =
      *status == DeployStatus::success || (is_final(*status) && update.keep_target_version_live);
  if (target_is_live) make_live(session, *deployment, now);
  audit::append(session, record_of(job, "deploy.update", *deployment, now));
  return std::move(*deployment);
}

Result<Deployment> DeployMarkers::log(db::Session& session, const DeployJob& job,
                                      const DeployPlan& plan) {
  if (auto checked = check(plan); !checked) return pass_on(checked);
  if (auto first = find_logged(session, job.job_id)) return std::move(*first);
  const Time now = clock_.now();
  auto deployment = insert(session, job, plan, DeployStatus::logged, now);
  if (!deployment) return deployment;
  make_live(session, *deployment, now);
  audit::append(session, record_of(job, "deploy.log", *deployment, now));
  return deployment;
}

}  // namespace imp::ci
