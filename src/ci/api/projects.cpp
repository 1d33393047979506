#include "ci/api/endpoint.h"
#include "ci/api/page.h"
#include "ci/api/project_json.h"

namespace imp::ci {
namespace {

Result<http::Response> show_project(const Call& call) {
  const auto project = project_for_member(call);
  if (!project) return pass_on(project);
  const auto organization = call.services.accounts.organizations.by_id(project->organization_id);
  if (!organization) return pass_on(organization);
  return http::json(200, to_json(*project, *organization));
}

Result<http::Response> list_projects(const Call& call) {
  const auto organization = organization_for_member(call, call.param("organization"));
  if (!organization) return pass_on(organization);
  const auto projects = call.services.projects.list(organization->id);
  if (!projects) return pass_on(projects);
  return page_response(
      call, *projects, [](const Project& project) { return project.name; },
      [&](const Project& project) -> Result<boost::json::object> {
        return to_json(project, *organization);
      });
}

/// CircleCI's own body is {"name"}; the other members are ours and may be left out.
Result<NewProject> wanted(const boost::json::object& body,
                          const accounts::Organization& organization) {
  NewProject project;
  project.organization_id = organization.id;
  project.organization_name = organization.name;
  auto project_name = required_text(body, "name");
  if (!project_name) return pass_on(project_name);
  project.name = std::move(*project_name);
  const std::pair<std::string_view, std::string*> members[] = {
      {"slug", &project.slug},
      {"repository_url", &project.repository_url},
      {"vcs_origin", &project.vcs_origin},
      {"default_branch", &project.default_branch},
      {"config_path", &project.config_path}};
  for (const auto& [member, target] : members) {
    auto text = optional_text(body, member);
    if (!text) return pass_on(text);
    if (*text) *target = std::move(**text);
  }
  return project;
}

Result<http::Response> create_project(const Call& call) {
  const auto organization = organization_for_admin(call, call.param("organization"));
  if (!organization) return pass_on(organization);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto project = wanted(*body, *organization);
  if (!project) return pass_on(project);
  const auto created = call.services.projects.create(*project, call.caller.actor());
  if (!created) return pass_on(created);
  return http::json(201, to_json(*created, *organization));
}

}  // namespace

void add_project_routes(http::Router& router, CiServices& services) {
  using http::Method;
  add_endpoint(router, services, Method::get, "/api/v2/project/{provider}/{organization}/{project}",
               show_project);
  add_endpoint(router, services, Method::get, "/api/v2/organization/{organization}/project",
               list_projects);
  add_endpoint(router, services, Method::post, "/api/v2/organization/{organization}/project",
               create_project, {.pool = http::Pool::program});  // waits for git
}

}  // namespace imp::ci
