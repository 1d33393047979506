#include "ci/projects/definitions.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/log.h"
#include "base/encoding.h"
#include "base/uuid.h"
#include "ci/contexts/audit_record.h"
#include "ci/projects/project_rows.h"
#include "ci/projects/projects.h"

namespace imp::ci {
namespace {

constexpr std::string_view columns = "id, project_id, name, description, config_path, created";
constexpr std::size_t name_limit = 200, description_limit = 2000, path_limit = 255;

PipelineDefinition definition_of(const db::Row& row) {
  return {row.text(0), row.text(1), row.text(2),
          row.text(3), row.text(4), from_milliseconds(row.integer(5))};
}

std::unexpected<Failure> invalid(std::string message) {
  return refuse(ProjectRefusal::invalid_definition, std::move(message));
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

Result<void> check(const PipelineDefinition& definition) {
  const std::string& name = definition.name;
  if (name.empty() || name.size() > name_limit || !is_utf8(name) || has_control(name) ||
      name.front() == ' ' || name.back() == ' ') {
    return invalid(
        fmt::format("A pipeline definition's name has 1 to {} bytes, no control character "
                    "and no space at either end.",
                    name_limit));
  }
  if (definition.description.size() > description_limit || !is_utf8(definition.description)) {
    return invalid(fmt::format("A pipeline definition's description has at most {} bytes of UTF-8.",
                               description_limit));
  }
  return check_config_path(definition.config_path);
}

std::optional<PipelineDefinition> one(db::Session& session, std::string_view project_id,
                                      std::string_view id) {
  const auto row = session.row(
      fmt::format("SELECT {} FROM ci_pipeline_definitions WHERE id = :p1 AND project_id = :p2",
                  columns),
      {std::string(id), std::string(project_id)});
  if (!row) return std::nullopt;
  return definition_of(*row);
}

bool name_taken(db::Session& session, const PipelineDefinition& definition) {
  return session
      .row(
          "SELECT id FROM ci_pipeline_definitions WHERE project_id = :p1 AND name = :p2 AND id <> "
          ":p3",
          {definition.project_id, definition.name, definition.id})
      .has_value();
}

std::unexpected<Failure> exists(std::string_view name) {
  return refuse(ProjectRefusal::definition_exists,
                fmt::format("The project has a pipeline definition named \"{}\" already.", name));
}

std::unexpected<Failure> not_found() {
  return refuse(ProjectRefusal::definition_not_found,
                "The project has no such pipeline definition.");
}

audit::Record record_of(const accounts::Actor& by, std::string action, const Project& project,
                        const PipelineDefinition& definition, Time now) {
  return audit_record(by, std::move(action), "pipeline-definition:" + definition.id,
                      project.organization_id, now,
                      {{"name", definition.name},
                       {"config_path", definition.config_path},
                       {"project", project.id}});
}

}  // namespace

Result<void> check_config_path(std::string_view path) {
  const auto refused = [] {
    return invalid(
        "The configuration file's path is relative to the repository's root, has no \".\" "
        "and \"..\" parts, and ends in .yml or .yaml.");
  };
  if (path.size() > path_limit || !is_utf8(path) || has_control(path)) return refused();
  if (!path.ends_with(".yml") && !path.ends_with(".yaml")) return refused();
  std::string_view rest = path;
  for (;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part.find('\\') != part.npos)
      return refused();
    if (slash == rest.npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

Result<PipelineDefinition> PipelineDefinitions::create(std::string_view project_id,
                                                       std::string_view name,
                                                       std::string_view description,
                                                       std::string_view config_path,
                                                       const accounts::Actor& by) {
  const PipelineDefinition definition{new_uuid(),
                                      std::string(project_id),
                                      std::string(name),
                                      std::string(description),
                                      std::string(config_path),
                                      clock_.now()};
  if (auto checked = check(definition); !checked) return pass_on(checked);
  return database_.write([&](db::Session& session) -> Result<PipelineDefinition> {
    const auto project = Projects::find(session, project_id);
    if (!project) return project_not_found();
    if (name_taken(session, definition)) return exists(name);
    insert(session, definition);
    audit::append(session,
                  record_of(by, "pipeline_definition.create", *project, definition, clock_.now()));
    return definition;
  });
}

Result<PipelineDefinition> PipelineDefinitions::find(std::string_view project_id,
                                                     std::string_view id) const {
  return database_.read([&](db::Session& session) -> Result<PipelineDefinition> {
    auto definition = one(session, project_id, id);
    if (!definition) return not_found();
    return std::move(*definition);
  });
}

Result<std::vector<PipelineDefinition>> PipelineDefinitions::list(
    std::string_view project_id) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<PipelineDefinition>> {
    std::vector<PipelineDefinition> definitions;
    for (const db::Row& row :
         session.rows(fmt::format("SELECT {} FROM ci_pipeline_definitions WHERE project_id = :p1 "
                                  "ORDER BY created, id",
                                  columns),
                      {std::string(project_id)})) {
      definitions.push_back(definition_of(row));
    }
    return definitions;
  });
}

Result<std::vector<PipelineDefinition>> PipelineDefinitions::list_in(
    std::string_view organization_id) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<PipelineDefinition>> {
    std::vector<PipelineDefinition> definitions;
    for (const db::Row& row :
         session.rows(fmt::format("SELECT {} FROM ci_pipeline_definitions WHERE project_id IN "
                                  "(SELECT id FROM ci_projects WHERE organization_id = :p1) "
                                  "ORDER BY created, id",
                                  columns),
                      {std::string(organization_id)})) {
      definitions.push_back(definition_of(row));
    }
    return definitions;
  });
}

Result<PipelineDefinition> PipelineDefinitions::change(std::string_view project_id,
                                                       std::string_view id,
                                                       const DefinitionChange& change,
                                                       const accounts::Actor& by) {
  return database_.write([&](db::Session& session) -> Result<PipelineDefinition> {
    const auto project = Projects::find(session, project_id);
    auto definition = one(session, project_id, id);
    if (!project || !definition) return not_found();
    const std::string old_path = definition->config_path;
    definition->name = change.name.value_or(definition->name);
    definition->description = change.description.value_or(definition->description);
    definition->config_path = change.config_path.value_or(definition->config_path);
    if (auto checked = check(*definition); !checked) return pass_on(checked);
    if (name_taken(session, *definition)) return exists(definition->name);
    session.run(
        "UPDATE ci_pipeline_definitions SET name = :p1, description = :p2, config_path = :p3 "
        "WHERE id = :p4",
        {definition->name, definition->description, definition->config_path, definition->id});
    audit::Record record =
        record_of(by, "pipeline_definition.update", *project, *definition, clock_.now());
    record.detail["old_config_path"] = old_path;
    audit::append(session, record);
    return std::move(*definition);
  });
}

Result<void> PipelineDefinitions::remove(std::string_view project_id, std::string_view id,
                                         const accounts::Actor& by) {
  return database_.write([&](db::Session& session) -> Result<void> {
    const auto project = Projects::find(session, project_id);
    const auto definition = one(session, project_id, id);
    if (!project || !definition) return not_found();
    const auto count =
        session.row("SELECT COUNT(*) FROM ci_pipeline_definitions WHERE project_id = :p1",
                    {definition->project_id});
    if (count && count->integer(0) <= 1) {
      return refuse(ProjectRefusal::last_definition,
                    "This is the project's last pipeline definition; add another one first.");
    }
    session.run("DELETE FROM ci_pipeline_definitions WHERE id = :p1", {definition->id});
    audit::append(session,
                  record_of(by, "pipeline_definition.delete", *project, *definition, clock_.now()));
    return {};
  });
}

PipelineDefinition PipelineDefinitions::insert(db::Session& session,
                                               PipelineDefinition definition) {
  session.run(
      "INSERT INTO ci_pipeline_definitions (id, project_id, name, description, config_path, "
      "created) "
      "VALUES (:p1, :p2, :p3, :p4, :p5, :p6)",
      {definition.id, definition.project_id, definition.name, definition.description,
       definition.config_path, to_milliseconds(definition.created)});
  return definition;
}

}  // namespace imp::ci
