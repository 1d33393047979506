#include <boost/json.hpp>

#include "registry/packages/store.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/routes.h"

namespace imp::web {

namespace {

/// What every page of an organisation shows.
Result<boost::json::object> frame(const Visit& visit, const accounts::Organization& organization,
                                  std::string_view tab) {
  const auto standing = ci::standing_in(visit.call(), organization.id);
  if (!standing) return pass_on(standing);
  return boost::json::object{{"name", organization.name},
                             {"display_name", organization.display_name},
                             {"admin", standing->admin},
                             {"governs", administers(visit, organization)},
                             {"tabs", organization_tabs(visit, organization, tab)}};
}

bool holds(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) { return std::tolower(a) == std::tolower(b); };
  return std::ranges::search(text, part, same).begin() != text.end() || part.empty();
}

Result<http::Response> show_projects(const Visit& visit) {
  const auto organization = ci::organization_for_member(visit.call(), visit.param("organization"));
  if (!organization) return pass_on(organization);
  auto model = frame(visit, *organization, "Projects");
  if (!model) return pass_on(model);
  const auto projects = visit.services.ci.projects.list(organization->id);
  if (!projects) return pass_on(projects);
  const std::string query = visit.query("q");
  boost::json::array items;
  for (const ci::Project& project : *projects) {
    if (!holds(project.name, query) && !holds(project.vcs_origin, query)) continue;
    items.push_back(
        {{"id", project.id}, {"name", project.name}, {"vcs_origin", project.vcs_origin}});
  }
  (*model)["projects"] = std::move(items);
  (*model)["query"] = query;
  (*model)["problem_shown"] = visit.problem != nullptr;
  (*model)["new_name"] = visit.field("project_name");
  (*model)["new_repository"] = visit.field("repository_url");
  const std::string branch = visit.field("default_branch");
  (*model)["new_branch"] = branch.empty() ? "main" : branch;
  return show(
      visit,
      {.title = organization->display_name, .content = "organization", .model = std::move(*model)});
}

Result<http::Response> create_project(const Visit& visit) {
  const auto organization = ci::organization_for_admin(visit.call(), visit.param("organization"));
  if (!organization) return pass_on(organization);
  ci::NewProject project;
  project.organization_id = organization->id;
  project.organization_name = organization->name;
  project.name = visit.field("project_name");
  project.repository_url = visit.field("repository_url");
  if (const auto branch = visit.field("default_branch"); !branch.empty()) {
    project.default_branch = branch;
  }
  const auto created = visit.services.ci.projects.create(project, visit.actor());
  if (!created) return pass_on(created);
  return http::see_other("/project/" + created->id + "/settings?done=created");
}

Result<http::Response> show_packages(const Visit& visit) {
  const auto organization = ci::organization_for_member(visit.call(), visit.param("organization"));
  if (!organization) return pass_on(organization);
  auto model = frame(visit, *organization, "Packages");
  if (!model) return pass_on(model);
  const auto packages = visit.services.registry.database.read(
      [&](db::Session& session) -> Result<std::vector<std::string>> {
        return registry::packages_owned_by(session, organization->id);
      });
  if (!packages) return pass_on(packages);
  boost::json::array items;
  for (const std::string& name : *packages) {
    items.push_back({{"name", name}, {"link", package_link(name)}});
  }
  (*model)["packages"] = std::move(items);
  return show(visit, {.title = "Packages of " + organization->display_name,
                      .content = "organization_packages",
                      .model = std::move(*model)});
}

Result<http::Response> show_settings(const Visit& visit) {
  const auto organization = ci::organization_for_member(visit.call(), visit.param("organization"));
  if (!organization) return pass_on(organization);
  auto model = frame(visit, *organization, "Settings");
  if (!model) return pass_on(model);
  (*model)["id"] = {{"value", organization->id}, {"what", "the Organization ID"}};
  (*model)["slug"] = {{"value", organization->slug}, {"what", "the slug"}};
  (*model)["issuer"] = {
      {"value", fmt::format("{}/oidc/org/{}", visit.services.public_url, organization->id)},
      {"what", "the issuer"}};
  (*model)["created"] = time_model(organization->created, visit.services.clock.now());
  return show(visit, {.title = "Settings of " + organization->display_name,
                      .content = "organization_settings",
                      .model = std::move(*model)});
}

Result<http::Response> rename(const Visit& visit) {
  const auto organization = ci::organization_for_member(visit.call(), visit.param("organization"));
  if (!organization) return pass_on(organization);
  const auto renamed = visit.services.accounts.organizations.rename(
      *organization, visit.field("display_name"), visit.actor());
  if (!renamed) return pass_on(renamed);
  return http::see_other("/org/" + organization->name + "/settings?done=saved");
}

}  // namespace

void add_organization_pages(http::Router& router, WebServices& services) {
  constexpr Audience people = Audience::signed_in;
  add_page(router, services, "/org/{organization}", people, show_projects);
  add_form(router, services, "/org/{organization}/projects", people, create_project, show_projects,
           http::Pool::program);  // waits for git
  add_page(router, services, "/org/{organization}/packages", people, show_packages);
  add_page(router, services, "/org/{organization}/settings", people, show_settings);
  add_form(router, services, "/org/{organization}/settings", people, rename, show_settings);
}

}  // namespace imp::web
