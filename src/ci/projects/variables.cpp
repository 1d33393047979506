#include "ci/projects/variables.h"

#include <fmt/format.h>

#include "audit/log.h"
#include "ci/contexts/audit_record.h"
#include "ci/contexts/variable_name.h"
#include "ci/projects/project_rows.h"
#include "ci/projects/projects.h"

namespace imp::ci {
namespace {

std::string purpose(std::string_view project_id, std::string_view name) {
  return fmt::format("project-variable/{}/{}", project_id, name);
}

Result<void> check(std::string_view name, std::string_view value) {
  if (!is_variable_name(name)) {
    return refuse(ProjectRefusal::invalid_project_variable,
                  fmt::format("A variable name is 1 to {} letters, digits and '_', and does not "
                              "begin with a digit.",
                              variable_name_limit));
  }
  // An environment ends a value at NUL: what the job has would not be what its output masks.
  if (value.size() > variable_value_limit || value.contains('\0')) {
    return refuse(ProjectRefusal::invalid_project_variable,
                  fmt::format("A variable's value has at most {} bytes, none of which is NUL.",
                              variable_value_limit));
  }
  return {};
}

std::unexpected<Failure> not_found() {
  return refuse(ProjectRefusal::project_variable_not_found, "The project has no such variable.");
}

audit::Record record_of(const accounts::Actor& by, std::string action, const Project& project,
                        std::string_view variable, Time now) {
  return audit_record(by, std::move(action), "project:" + project.id, project.organization_id, now,
                      {{"variable", variable}});
}

}  // namespace

Result<ProjectVariable> ProjectVariables::store(std::string_view project_id, std::string_view name,
                                                std::string_view value, const accounts::Actor& by) {
  if (auto checked = check(name, value); !checked) return pass_on(checked);
  const std::string sealed = sealer_.seal(value, purpose(project_id, name));
  const ProjectVariable variable{std::string(name), masked(value), clock_.now()};
  return database_.write([&](db::Session& session) -> Result<ProjectVariable> {
    const auto project = Projects::find(session, project_id);
    if (!project) return project_not_found();
    const auto others = session.row(
        "SELECT COUNT(*) FROM ci_project_variables WHERE project_id = :p1 AND name <> :p2",
        {std::string(project_id), variable.name});
    if (others && others->integer(0) >= static_cast<std::int64_t>(variables_per_project)) {
      return refuse(ProjectRefusal::too_many_project_variables,
                    fmt::format("The project has {} variables already, which is the limit.",
                                variables_per_project));
    }
    session.run("DELETE FROM ci_project_variables WHERE project_id = :p1 AND name = :p2",
                {std::string(project_id), variable.name});
    session.run(
        "INSERT INTO ci_project_variables (project_id, name, sealed_value, created) "
        "VALUES (:p1, :p2, :p3, :p4)",
        {std::string(project_id), variable.name, sealed, to_milliseconds(variable.created)});
    audit::append(session, record_of(by, "project.env_var.create", *project, name, clock_.now()));
    return variable;
  });
}

Result<ProjectVariable> ProjectVariables::masked_row(const db::Row& row,
                                                     std::string_view project_id) const {
  const auto value = sealer_.open(row.text(1), purpose(project_id, row.text(0)));
  if (!value) return pass_on(value);
  return ProjectVariable{row.text(0), masked(*value), from_milliseconds(row.integer(2))};
}

Result<ProjectVariable> ProjectVariables::find(std::string_view project_id,
                                               std::string_view name) const {
  return database_.read([&](db::Session& session) -> Result<ProjectVariable> {
    const auto row = session.row(
        "SELECT name, sealed_value, created FROM ci_project_variables "
        "WHERE project_id = :p1 AND name = :p2",
        {std::string(project_id), std::string(name)});
    if (!row) return not_found();
    return masked_row(*row, project_id);
  });
}

Result<std::vector<ProjectVariable>> ProjectVariables::list(std::string_view project_id) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<ProjectVariable>> {
    std::vector<ProjectVariable> variables;
    for (const db::Row& row :
         session.rows("SELECT name, sealed_value, created FROM ci_project_variables "
                      "WHERE project_id = :p1 ORDER BY name",
                      {std::string(project_id)})) {
      auto variable = masked_row(row, project_id);
      if (!variable) return pass_on(variable);
      variables.push_back(std::move(*variable));
    }
    return variables;
  });
}

Result<void> ProjectVariables::remove(std::string_view project_id, std::string_view name,
                                      const accounts::Actor& by) {
  return database_.write([&](db::Session& session) -> Result<void> {
    const auto project = Projects::find(session, project_id);
    if (!project) return project_not_found();
    if (session.run("DELETE FROM ci_project_variables WHERE project_id = :p1 AND name = :p2",
                    {std::string(project_id), std::string(name)}) == 0) {
      return not_found();
    }
    audit::append(session, record_of(by, "project.env_var.delete", *project, name, clock_.now()));
    return {};
  });
}

Result<std::vector<std::pair<std::string, std::string>>> ProjectVariables::values(
    db::Session& session, std::string_view project_id) const {
  std::vector<std::pair<std::string, std::string>> values;
  for (const db::Row& row : session.rows("SELECT name, sealed_value FROM ci_project_variables "
                                         "WHERE project_id = :p1 ORDER BY name",
                                         {std::string(project_id)})) {
    auto value = sealer_.open(row.text(1), purpose(project_id, row.text(0)));
    if (!value) return pass_on(value);
    values.emplace_back(row.text(0), std::move(*value));
  }
  return values;
}

}  // namespace imp::ci
