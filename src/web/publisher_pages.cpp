#include <boost/json.hpp>

#include "registry/api/refusals.h"
#include "registry/api/trust_changes.h"
#include "web/frames.h"
#include "web/handlers.h"
#include "web/model.h"
#include "web/package_view.h"
#include "web/passkey_pages.h"
#include "web/publisher_model.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr int kAttemptsShown = 50;

boost::json::object filled_from(const ci::Project& project,
                                const ci::PipelineDefinition& definition) {
  return {{"organization_id", project.organization_id},
          {"project_id", project.id},
          {"pipeline_definition_id", definition.id},
          {"vcs_origin", project.vcs_origin}};
}

/// The pipeline definitions of the visitor's organisations; the values of the one that the query
/// asks for.
Result<boost::json::object> add_choices(const Visit& visit, boost::json::object& model) {
  boost::json::object filled;
  const std::string wanted = visit.query("from");
  const auto memberships = visit.services.accounts.organizations.of_person(visit.person().id);
  if (!memberships) return pass_on(memberships);
  boost::json::array choices;
  for (const accounts::Membership& membership : *memberships) {
    const auto projects = visit.services.ci.projects.list(membership.organization.id);
    if (!projects) return pass_on(projects);
    for (const ci::Project& project : *projects) {
      const auto definitions = visit.services.ci.definitions.list(project.id);
      if (!definitions) return pass_on(definitions);
      for (const ci::PipelineDefinition& definition : *definitions) {
        if (definition.id == wanted) filled = filled_from(project, definition);
        choices.push_back({{"value", definition.id},
                           {"selected", definition.id == wanted},
                           {"text", fmt::format("{} / {} / {}", membership.organization.name,
                                                project.name, definition.name)}});
      }
    }
  }
  model["has_choices"] = !choices.empty();
  model["choices"] = std::move(choices);
  return filled;
}

/// The permissions that were chosen before, when the form is shown again; a new form suggests
/// staging alone.
void add_permissions(const Visit& visit, boost::json::object& model) {
  const auto permissions = visit.request.form_all("permission");
  const auto chosen = [&](std::string_view name) {
    return std::ranges::find(permissions, name) != permissions.end();
  };
  model["publish_checked"] = chosen("createPackage");
  model["tags_checked"] = chosen("manageDistTags");
  model["stage_checked"] = permissions.empty() || chosen("createStagedPackage");
}

/// The form of the chosen provider.
Result<void> add_form(const Visit& visit, boost::json::object& model) {
  const trust::Provider& provider = chosen_provider(visit);
  boost::json::array issuers;
  const auto known = visit.services.registry.issuers.all();
  for (const auto& issuer : *known) {
    if (&trust::provider_of(issuer->kind) == &provider) issuers.emplace_back(issuer->base_url);
  }
  model["several_issuers"] = issuers.size() > 1;
  model["no_issuer"] = issuers.empty();
  model["issuers"] = std::move(issuers);
  model["type"] = provider.type;
  model["provider"] = provider.name;
  model["providers"] = provider_choices(provider);
  add_permissions(visit, model);
  boost::json::object filled;
  if (provider.type == "circleci") {  // what this server's own pipelines are trusted as
    auto chosen = add_choices(visit, model);
    if (!chosen) return pass_on(chosen);
    filled = std::move(*chosen);
  }
  model["fields"] = form_fields(visit, provider, filled);
  return {};
}

Result<http::Response> show_settings(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  auto& services = visit.services.registry;
  const auto package = registry::governed_package(services, view->requester, view->name);
  if (!package) return pass_on(package);
  const auto factor = visit.services.accounts.second_factors.state(visit.person().id);
  if (!factor) return pass_on(factor);
  const auto refreshed = registry::refresh_issuers(services);
  if (!refreshed) return pass_on(refreshed);
  const std::string& name = view->name.text();
  const Time now = visit.services.clock.now();
  boost::json::object model{{"name", name},
                            {"base", package_link(name) + "/settings"},
                            {"tabs", package_tabs(name, "Settings", view->writer, view->staged)},
                            {"frozen", view->frozen}};
  const auto read = services.database.read([&](db::Session& session) -> Result<void> {
    model["publishers"] =
        publishers_model(trust::publishers_of(session, package->id), services.issuers, now);
    model["attempts"] = attempts_model(trust::attempts_of(session, name, kAttemptsShown), now);
    return {};
  });
  if (!read) return pass_on(read);
  if (const auto added = add_form(visit, model); !added) return pass_on(added);
  Page page{
      .title = "Settings of " + name, .content = "package_settings", .model = std::move(model)};
  add_factor(page, *factor);
  page.scripts.emplace_back("publisher.js");
  if (!visit.query("watch").empty()) {
    page.model["watched"] = package_link(name) + "/settings?watch=1";
    page.scripts.emplace_back("live.js");
  }
  return show(visit, std::move(page));
}

/// Somebody who governs the package of the path and has given a code for this change of it.
Result<PackageView> confirmed_governor(const Visit& visit, std::string_view action) {
  auto view = package_view(visit);
  if (!view) return view;
  auto& services = visit.services.registry;
  const std::string& name = view->name.text();
  const auto refused = [&](const Failure& failure) {
    registry::record_refusal(services, &view->requester, action, "package:" + name, failure);
    return std::unexpected(failure);
  };
  const auto package = registry::governed_package(services, view->requester, view->name);
  if (!package) return refused(package.error());
  const auto confirmed = confirm(visit, {.action = std::string(action), .subject = name},
                                 accounts::WithoutFactor::refuse);
  if (!confirmed) return refused(confirmed.error());
  return view;
}

Result<http::Response> add_publisher(const Visit& visit) {
  auto& services = visit.services.registry;
  // What is wrong with the configuration is said before a code is used up.
  const auto requests = registry::read_publisher_requests(services, publisher_request(visit));
  if (!requests) return pass_on(requests);
  const auto view = confirmed_governor(visit, "trust.create");
  if (!view) return pass_on(view);
  const auto added = registry::add_publishers(services, view->requester, view->name, *requests);
  if (!added) return pass_on(added);
  return http::see_other(package_link(view->name.text()) + "/settings?done=added#publishers");
}

Result<http::Response> remove_publisher(const Visit& visit) {
  const auto view = confirmed_governor(visit, "trust.revoke");
  if (!view) return pass_on(view);
  const auto removed = registry::remove_publisher(visit.services.registry, view->requester,
                                                  view->name, visit.field("publisher"));
  if (!removed) return pass_on(removed);
  return http::see_other(package_link(view->name.text()) + "/settings?done=removed#publishers");
}

}  // namespace

void add_publisher_pages(http::Router& router, WebServices& services) {
  constexpr std::string_view settings = "/package/{package}/settings";
  add_page(router, services, settings, Audience::signed_in, show_settings);
  add_form(router, services, "/package/{package}/settings/publishers", Audience::signed_in,
           add_publisher, show_settings);
  add_form(router, services, "/package/{package}/settings/publishers/remove", Audience::signed_in,
           remove_publisher, show_settings);
}

}  // namespace imp::web
