#include "ci/projects/projects.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/log.h"
#include "base/uuid.h"
#include "ci/contexts/audit_record.h"
#include "ci/projects/definitions.h"
#include "ci/projects/project_rows.h"
#include "ci/projects/slug.h"

namespace imp::ci {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return result;
}

/// "host:port" of "https://host:port/prefix".
std::string host_of(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  return lower(url.substr(0, url.find('/')));
}

std::optional<Project> one(db::Session& session, std::string_view condition,
                           std::vector<db::Value> parameters) {
  const auto row =
      session.row(fmt::format("SELECT {} FROM ci_projects WHERE {}", project_columns, condition),
                  std::move(parameters));
  if (!row) return std::nullopt;
  return project_of(*row);
}

void insert(db::Session& session, const Project& project) {
  session.run(
      "INSERT INTO ci_projects (id, organization_id, name, slug, slug_key, repository_url, "
      "vcs_origin, hosted, default_branch, build_fork_prs, pass_secrets_to_forks, disable_ssh, "
      "last_pipeline_number, last_job_number, created) "
      "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, 0, 0, 0, 0, 0, :p10)",
      {project.id, project.organization_id, project.name, project.slug, lower(project.slug),
       project.repository_url, project.vcs_origin, std::int64_t{project.hosted},
       project.default_branch, to_milliseconds(project.created)});
}

/// The settings that differ, with their new values.
boost::json::object changes(const ProjectSettings& before, const ProjectSettings& after) {
  boost::json::object changed;
  const auto note = [&](std::string_view name, bool old_value, bool new_value) {
    if (old_value != new_value) changed[name] = new_value;
  };
  note("build_fork_prs", before.build_fork_prs, after.build_fork_prs);
  note("forks_receive_secret_env_vars", before.pass_secrets_to_forks, after.pass_secrets_to_forks);
  note("disable_ssh", before.disable_ssh, after.disable_ssh);
  return changed;
}

std::int64_t next_number(db::Session& session, std::string_view column,
                         std::string_view project_id) {
  session.run(fmt::format("UPDATE ci_projects SET {0} = {0} + 1 WHERE id = :p1", column),
              {std::string(project_id)});
  const auto row = session.row(fmt::format("SELECT {} FROM ci_projects WHERE id = :p1", column),
                               {std::string(project_id)});
  if (!row) throw db::StoreError("numbering a project that does not exist", false);
  return row->integer(0);
}

}  // namespace

Projects::Projects(db::Database& database, const Repositories& repositories, const Clock& clock,
                   std::string public_url)
    : database_(database),
      repositories_(repositories),
      clock_(clock),
      public_url_(std::move(public_url)),
      public_host_(host_of(public_url_)) {}

Result<Project> Projects::complete(const NewProject& wanted) const {
  if (auto checked = check_project_name(wanted.name); !checked) return pass_on(checked);
  if (auto checked = check_ref_name(wanted.default_branch); !checked) return pass_on(checked);
  Project project;
  project.id = new_uuid();
  project.organization_id = wanted.organization_id;
  project.name = wanted.name;
  project.default_branch = wanted.default_branch;
  project.created = clock_.now();
  const auto slug = parse_project_slug(
      wanted.slug.empty() ? fmt::format("circleci/{}/{}", wanted.organization_name, wanted.name)
                          : wanted.slug);
  if (!slug) return pass_on(slug);
  if (slug->provider == "circleci" && slug->organization != wanted.organization_name) {
    return refuse(ProjectRefusal::invalid_project_slug,
                  fmt::format("A slug of this organization begins with circleci/{}/.",
                              wanted.organization_name));
  }
  project.slug = slug->text();
  project.hosted = wanted.repository_url.empty();
  if (project.hosted) {
    if (!wanted.vcs_origin.empty()) {
      return refuse(ProjectRefusal::invalid_vcs_origin,
                    "The VCS origin of a repository on this server follows from its name; leave it "
                    "out, or give a repository URL.");
    }
    project.repository_url =
        fmt::format("{}/git/{}/{}.git", public_url_, wanted.organization_name, wanted.name);
    project.vcs_origin =
        fmt::format("{}/{}/{}", public_host_, wanted.organization_name, wanted.name);
    return project;
  }
  const auto derived = vcs_origin_of(wanted.repository_url);
  if (!derived) return pass_on(derived);
  project.repository_url = wanted.repository_url;
  project.vcs_origin = wanted.vcs_origin.empty() ? *derived : wanted.vcs_origin;
  if (auto checked = check_vcs_origin(project.vcs_origin); !checked) return pass_on(checked);
  if (project.vcs_origin.starts_with(public_host_ + "/")) {
    return refuse(ProjectRefusal::invalid_vcs_origin,
                  "Only a repository that this server holds can have this server's host in its VCS "
                  "origin; leave the repository URL out to host it here.");
  }
  return project;
}

Result<Project> Projects::create(const NewProject& wanted, const accounts::Actor& by) {
  const auto project = complete(wanted);
  if (!project) return project;
  if (auto checked = check_config_path(wanted.config_path); !checked) return pass_on(checked);
  // Before the row, so that a project that can be seen has its repository; a repository without a
  // row, after a crash between the two, is empty and out of everybody's reach.
  if (project->hosted) {
    if (auto made = repositories_.create(project->id, project->default_branch); !made) {
      return pass_on(made);
    }
  }
  auto created = database_.write([&](db::Session& session) -> Result<Project> {
    const bool taken =
        session.row("SELECT id FROM ci_projects WHERE slug_key = :p1", {lower(project->slug)}) ||
        session.row("SELECT id FROM ci_projects WHERE organization_id = :p1 AND LOWER(name) = :p2",
                    {project->organization_id, lower(project->name)}) ||
        (project->hosted &&
         session.row("SELECT id FROM ci_projects WHERE vcs_origin = :p1", {project->vcs_origin}));
    if (taken) {
      return refuse(ProjectRefusal::project_exists,
                    fmt::format("A project with the slug {} or the name \"{}\" exists already.",
                                project->slug, project->name));
    }
    insert(session, *project);
    PipelineDefinitions::insert(session, {.id = new_uuid(),
                                          .project_id = project->id,
                                          .name = "default",
                                          .description = "",
                                          .config_path = wanted.config_path,
                                          .created = project->created});
    audit::append(session, audit_record(by, "project.create", "project:" + project->id,
                                        project->organization_id, project->created,
                                        {{"slug", project->slug},
                                         {"vcs_origin", project->vcs_origin},
                                         {"hosted", project->hosted}}));
    return *project;
  });
  if (!created && project->hosted) repositories_.remove(project->id);
  return created;
}

Result<Project> Projects::find(std::string_view id) const {
  return database_.read([&](db::Session& session) -> Result<Project> {
    auto project = find(session, id);
    if (!project) return project_not_found();
    return std::move(*project);
  });
}

Result<Project> Projects::find_by_slug(std::string_view text) const {
  if (is_uuid(text)) return find(text);
  const auto slug = parse_project_slug(text);
  if (!slug) return project_not_found();
  return database_.read([&](db::Session& session) -> Result<Project> {
    std::optional<Project> project;
    // Ids before names: a project that is named like another one's ids must not hide it.
    if (slug->provider == "circleci" && is_uuid(slug->project)) {
      project = one(session, "id = :p1 AND organization_id = :p2",
                    {lower(slug->project), lower(slug->organization)});
    }
    if (!project) project = one(session, "slug_key = :p1", {lower(slug->text())});
    if (!project) return project_not_found();
    return std::move(*project);
  });
}

Result<Project> Projects::find_hosted(std::string_view organization_name,
                                      std::string_view name) const {
  return database_.read([&](db::Session& session) -> Result<Project> {
    auto project = one(session, "hosted = 1 AND vcs_origin = :p1",
                       {fmt::format("{}/{}/{}", public_host_, organization_name, name)});
    if (!project) return project_not_found();
    return std::move(*project);
  });
}

Result<std::vector<Project>> Projects::list(std::string_view organization_id) const {
  return database_.read([&](db::Session& session) -> Result<std::vector<Project>> {
    std::vector<Project> projects;
    for (const db::Row& row : session.rows(
             fmt::format("SELECT {} FROM ci_projects WHERE organization_id = :p1 ORDER BY name",
                         project_columns),
             {std::string(organization_id)})) {
      projects.push_back(project_of(row));
    }
    return projects;
  });
}

Result<std::int64_t> Projects::count(std::string_view organization_id) const {
  return database_.read([&](db::Session& session) -> Result<std::int64_t> {
    return session
        .row("SELECT COUNT(*) FROM ci_projects WHERE organization_id = :p1",
             {std::string(organization_id)})
        ->integer(0);
  });
}

Result<Project> Projects::change_settings(std::string_view id, const SettingsChange& change,
                                          const accounts::Actor& by) {
  return database_.write([&](db::Session& session) -> Result<Project> {
    auto project = find(session, id);
    if (!project) return project_not_found();
    const ProjectSettings before = project->settings;
    ProjectSettings& after = project->settings;
    after.build_fork_prs = change.build_fork_prs.value_or(before.build_fork_prs);
    after.pass_secrets_to_forks =
        change.pass_secrets_to_forks.value_or(before.pass_secrets_to_forks);
    after.disable_ssh = change.disable_ssh.value_or(before.disable_ssh);
    if (after == before) return std::move(*project);
    session.run(
        "UPDATE ci_projects SET build_fork_prs = :p1, pass_secrets_to_forks = :p2, "
        "disable_ssh = :p3 WHERE id = :p4",
        {std::int64_t{after.build_fork_prs}, std::int64_t{after.pass_secrets_to_forks},
         std::int64_t{after.disable_ssh}, project->id});
    audit::append(session,
                  audit_record(by, "project.settings.update", "project:" + project->id,
                               project->organization_id, clock_.now(), changes(before, after)));
    return std::move(*project);
  });
}

std::optional<Project> Projects::find(db::Session& session, std::string_view id) {
  return one(session, "id = :p1", {std::string(id)});
}

std::int64_t Projects::next_job_number(db::Session& session, std::string_view project_id) {
  return next_number(session, "last_job_number", project_id);
}

std::int64_t Projects::next_pipeline_number(db::Session& session, std::string_view project_id) {
  return next_number(session, "last_pipeline_number", project_id);
}

}  // namespace imp::ci
