#include <boost/json.hpp>

#include "registry/api/requester.h"
#include "registry/packages/store.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::size_t kPackagesShown = 50;

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// A card for each organisation of the visitor; administrators of the server see all.
Result<std::vector<accounts::Membership>> memberships(const Visit& visit) {
  auto& organizations = visit.services.accounts.organizations;
  auto mine = organizations.of_person(visit.person().id);
  if (!mine || !visit.person().is_admin) return mine;
  const auto all = organizations.list();
  if (!all) return pass_on(all);
  for (const accounts::Organization& organization : *all) {
    const bool listed = std::ranges::any_of(*mine, [&](const accounts::Membership& membership) {
      return membership.organization.id == organization.id;
    });
    if (!listed) mine->push_back({organization, accounts::Role::admin});
  }
  return mine;
}

Result<boost::json::array> organization_cards(const Visit& visit) {
  const auto mine = memberships(visit);
  if (!mine) return pass_on(mine);
  boost::json::array cards;
  for (const accounts::Membership& membership : *mine) {
    const accounts::Organization& organization = membership.organization;
    const auto projects = visit.services.ci.projects.count(organization.id);
    if (!projects) return pass_on(projects);
    const auto packages =
        visit.services.registry.database.read([&](db::Session& session) -> Result<std::int64_t> {
          return registry::count_owned_packages(session, organization.id);
        });
    if (!packages) return pass_on(packages);
    cards.push_back({{"name", organization.name},
                     {"display_name", organization.display_name},
                     {"role", accounts::name(membership.role)},
                     {"projects", counted(*projects, "project")},
                     {"packages", counted(*packages, "package")}});
  }
  return cards;
}

Result<boost::json::array> package_lines(const Visit& visit, const std::string& text) {
  const auto requester = registry::Requester::identify(visit.services.registry, visit.request);
  const registry::Caller rights = requester ? requester->rights() : registry::Caller{};
  const auto lines = visit.services.registry.database.read(
      [&](db::Session& session) -> Result<std::vector<registry::PackageLine>> {
        return registry::list_packages(session, rights, text, kPackagesShown, 0);
      });
  if (!lines) return pass_on(lines);
  boost::json::array items;
  for (const registry::PackageLine& line : *lines) {
    items.push_back({{"name", line.name},
                     {"link", package_link(line.name)},
                     {"latest", line.latest},
                     {"description", line.description},
                     {"restricted", line.access == registry::Access::restricted},
                     {"modified", time_model(line.modified, visit.services.clock.now())}});
  }
  return items;
}

Result<http::Response> show_home(const Visit& visit) {
  const std::string query = visit.query("q");
  auto packages = package_lines(visit, query);
  if (!packages) return pass_on(packages);
  const std::size_t shown = packages->size();
  boost::json::object model{
      {"packages", std::move(*packages)},
      {"more", shown < kPackagesShown ? std::string() : std::to_string(shown)},
      {"query", query},
      {"searching", !query.empty()},
      {"new_name", visit.field("name")},
      {"open_new", visit.problem != nullptr},
      {"command",
       {{"value", fmt::format("npm config set registry {}/", visit.services.public_url)},
        {"what", "the command"}}}};
  if (visit.signed_in()) {
    auto organizations = organization_cards(visit);
    if (!organizations) return pass_on(organizations);
    if (organizations->empty()) model["open_new"] = true;
    model["organizations"] = std::move(*organizations);
  }
  return show(
      visit,
      {.title = query.empty() ? "Home" : "Packages", .content = "home", .model = std::move(model)});
}

Result<http::Response> create_organization(const Visit& visit) {
  const auto name = visit.required("name", "The name");
  if (!name) return pass_on(name);
  const auto organization =
      visit.services.accounts.organizations.create({.name = *name}, visit.person(), visit.actor());
  if (!organization) return pass_on(organization);
  return http::see_other("/org/" + organization->name + "?done=created");
}

}  // namespace

void add_home_pages(http::Router& router, WebServices& services) {
  add_page(router, services, "/", Audience::everyone, show_home);
  add_form(router, services, "/org", Audience::signed_in, create_organization, show_home);
}

}  // namespace imp::web
