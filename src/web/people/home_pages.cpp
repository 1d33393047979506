#include <boost/json.hpp>
#include <set>

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

using Memberships = std::vector<accounts::Membership>;

/// A card for each organisation of the visitor.
Result<boost::json::array> organization_cards(const Visit& visit, const Memberships& mine) {
  boost::json::array cards;
  for (const accounts::Membership& membership : mine) {
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

/// By name alone: the organisations that the visitor is no member of, for administrators of the
/// server.
Result<boost::json::array> other_organizations(const Visit& visit, const Memberships& mine) {
  boost::json::array others;
  if (!visit.person().is_admin) return others;
  const auto all = visit.services.accounts.organizations.list();
  if (!all) return pass_on(all);
  std::set<std::string_view> known;
  for (const accounts::Membership& membership : mine) known.insert(membership.organization.id);
  for (const accounts::Organization& organization : *all) {
    if (!known.contains(organization.id)) others.push_back({{"name", organization.name}});
  }
  return others;
}

Result<void> add_organizations(const Visit& visit, boost::json::object& model) {
  const auto mine = visit.services.accounts.organizations.of_person(visit.person().id);
  if (!mine) return pass_on(mine);
  auto cards = organization_cards(visit, *mine);
  if (!cards) return pass_on(cards);
  auto others = other_organizations(visit, *mine);
  if (!others) return pass_on(others);
  if (cards->empty()) model["open_new"] = true;
  model["organizations"] = std::move(*cards);
  model["other_count"] =
      others->empty() ? std::string() : counted(std::ssize(*others), "organisation");
  model["others"] = std::move(*others);
  return {};
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
    if (const auto added = add_organizations(visit, model); !added) return pass_on(added);
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
