#include "ci/deploys/timeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "ci/deploys/deploy_rows.h"

namespace imp::ci {
namespace {

constexpr std::size_t timeline_limit = 200;

constexpr std::string_view component_query =
    "SELECT c.id, c.organization_id, c.project_id, c.name, c.created, "
    "(SELECT COUNT(*) FROM ci_deployments d WHERE d.component_id = c.id) "
    "FROM ci_deploy_components c ";

DeployComponent component_of(const db::Row& row) {
  return {.id = row.text(0),
          .organization_id = row.text(1),
          .project_id = row.text(2),
          .name = row.text(3),
          .release_count = row.integer(5),
          .created = from_milliseconds(row.integer(4))};
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return result;
}

/// Conditions with their parameters numbered as they are added.
class Conditions {
 public:
  void add(std::string_view column_and_operator, db::Value value) {
    values_.push_back(std::move(value));
    text_ += fmt::format("{} {} :p{}", values_.size() == 1 ? "WHERE" : " AND", column_and_operator,
                         values_.size());
  }
  const std::string& text() const { return text_; }
  const std::vector<db::Value>& values() const { return values_; }

 private:
  std::string text_;
  std::vector<db::Value> values_;
};

}  // namespace

Result<std::vector<Deployment>> DeployTimeline::deployments(const TimelineQuery& query) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<Deployment>> {
    Conditions conditions;
    conditions.add("d.organization_id =", query.organization_id);
    if (!query.project_id.empty()) conditions.add("d.project_id =", query.project_id);
    if (!query.environment_id.empty()) conditions.add("d.environment_id =", query.environment_id);
    if (!query.component_id.empty()) conditions.add("d.component_id =", query.component_id);
    if (!query.before_id.empty()) {
      const auto row = session.row(
          "SELECT position FROM ci_deployments WHERE id = :p1 AND organization_id = :p2",
          {query.before_id, query.organization_id});
      if (!row) return std::vector<Deployment>{};
      conditions.add("d.position <", row->integer(0));
    }
    std::vector<Deployment> deployments;
    for (const db::Row& row :
         session.rows(fmt::format("{} {} ORDER BY d.position DESC LIMIT {}", deployment_query,
                                  conditions.text(), std::min(query.limit, timeline_limit)),
                      conditions.values())) {
      deployments.push_back(deployment_of(row));
    }
    return deployments;
  });
}

Result<std::vector<DeployEnvironment>> DeployTimeline::environments(
    std::string_view organization_id) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<DeployEnvironment>> {
    std::vector<DeployEnvironment> environments;
    for (const db::Row& row :
         session.rows("SELECT id, organization_id, name, created FROM ci_deploy_environments "
                      "WHERE organization_id = :p1 ORDER BY name",
                      {std::string(organization_id)})) {
      environments.push_back(environment_of(row));
    }
    return environments;
  });
}

Result<DeployEnvironment> DeployTimeline::environment(std::string_view id) const {
  return database_.read([&](db::Session& session) -> Result<DeployEnvironment> {
    const auto row = session.row(
        "SELECT id, organization_id, name, created FROM ci_deploy_environments WHERE id = :p1",
        {std::string(id)});
    if (!row) return refuse(DeployRefusal::environment_not_found, "There is no such environment.");
    return environment_of(*row);
  });
}

Result<std::vector<DeployComponent>> DeployTimeline::components(std::string_view organization_id,
                                                                std::string_view project_id,
                                                                std::string_view name_part) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<DeployComponent>> {
    Conditions conditions;
    conditions.add("c.organization_id =", std::string(organization_id));
    if (!project_id.empty()) conditions.add("c.project_id =", std::string(project_id));
    const std::string part = lower(name_part);
    std::vector<DeployComponent> components;
    for (const db::Row& row : session.rows(
             fmt::format("{} {} ORDER BY c.name, c.id", component_query, conditions.text()),
             conditions.values())) {
      DeployComponent component = component_of(row);
      if (lower(component.name).find(part) != std::string::npos) {
        components.push_back(std::move(component));
      }
    }
    return components;
  });
}

Result<DeployComponent> DeployTimeline::component(std::string_view id) const {
  return database_.read([&](db::Session& session) -> Result<DeployComponent> {
    const auto row =
        session.row(fmt::format("{} WHERE c.id = :p1", component_query), {std::string(id)});
    if (!row) return refuse(DeployRefusal::component_not_found, "There is no such component.");
    return component_of(*row);
  });
}

Result<std::vector<DeployVersion>> DeployTimeline::versions(std::string_view component_id) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<DeployVersion>> {
    std::vector<DeployVersion> versions;
    for (const db::Row& row :
         session.rows(fmt::format("SELECT {} FROM ci_deploy_versions WHERE component_id = :p1 "
                                  "ORDER BY last_deployed DESC, version, environment_id, namespace",
                                  version_columns),
                      {std::string(component_id)})) {
      versions.push_back(version_of(row));
    }
    return versions;
  });
}

Result<std::optional<DeployVersion>> DeployTimeline::live_version(
    std::string_view component_id, std::string_view environment_id,
    std::string_view namespace_name) const {
  return database_.read([&](db::Session& session) -> Result<std::optional<DeployVersion>> {
    return live_version_of(session, component_id, environment_id, namespace_name);
  });
}

}  // namespace imp::ci
