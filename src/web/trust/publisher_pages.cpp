#include <boost/json.hpp>

#include "registry/api/trust/seen_attempts.h"
#include "registry/packages/refusal.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/packages/governed.h"
#include "web/packages/package_view.h"
#include "web/routes.h"
#include "web/trust/publisher_model.h"
#include "web/trust/publisher_parts.h"
#include "web/trust/switch_forms.h"

namespace imp::web {

namespace {

constexpr int kAttemptsShown = 50;

std::string settings_link(std::string_view name) { return package_link(name) + "/settings"; }
std::string forms_link(std::string_view name) { return settings_link(name) + "/publishers"; }

/// The checks and the attempts of a name, existing or not, and its page as one that watches.
Result<void> add_attempts(const Visit& visit, const registry::PackageName& name,
                          const registry::TrustPlace& place, const registry::Requester& requester,
                          Page& page) {
  auto& services = visit.services.registry;
  const std::string settings = settings_link(name.text());
  page.model["watch"] = settings + "?watch=1#attempts";
  const auto read = services.database.read([&](db::Session& session) -> Result<void> {
    registry::SeenAttempts seen(session, name, place, requester.rights());
    const auto attempts = seen.list(kAttemptsShown);
    page.model["attempts"] = attempts_model(attempts, visit.services.clock.now());
    add_unasked(page.model["publishers"].as_array(), attempts);
    return {};
  });
  if (!read) return pass_on(read);
  page.scripts.emplace_back("publisher.js");
  if (!visit.query("watch").empty()) {
    page.model["watched"] = settings + "?watch=1";
    page.scripts.emplace_back("live.js");
  }
  return add_factor_of_visitor(visit, page);
}

/// The page of a name that no package has yet, for who may create it; to others, there is nothing.
Result<http::Response> show_pending(const Visit& visit, const Failure& absent) {
  const auto by = governed_trust(visit);
  if (!by || by->place.kind != trust::PlaceKind::pending) return std::unexpected(absent);
  const std::string name = registry::text_of(by->target);
  auto model = publisher_parts(visit, by->target, by->place, settings_link(name), forms_link(name));
  if (!model) return pass_on(model);
  (*model)["name"] = name;
  Page page{.title = "Prepare " + name,
            .content = "pending_settings",
            .model = std::move(*model),
            .trail = {{"Your account", "/account"}, {"Prepared packages", "/account/prepared"}}};
  if (const auto added = add_attempts(visit, std::get<registry::PackageName>(by->target), by->place,
                                      by->requester, page);
      !added) {
    return pass_on(added);
  }
  return show(visit, std::move(page));
}

Result<http::Response> show_settings(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return show_pending(visit, view.error());
  const auto by = governed_trust(visit);
  if (!by) return pass_on(by);
  const std::string& name = view->name.text();
  auto model = publisher_parts(visit, by->target, by->place, settings_link(name), forms_link(name));
  if (!model) return pass_on(model);
  (*model)["name"] = name;
  (*model)["tabs"] = package_tabs(*view, "Settings");
  (*model)["frozen"] = view->frozen;
  Page page{.title = "Settings of " + name,
            .content = "package_settings",
            .model = std::move(*model),
            .trail = package_trail(*view)};
  if (const auto added = add_attempts(visit, view->name, by->place, by->requester, page); !added) {
    return pass_on(added);
  }
  return show(visit, std::move(page));
}

Result<http::Response> add_publisher(const Visit& visit) {
  const auto name = registry::addressed_package(visit.request);
  if (!name) return pass_on(name);
  return add_publisher_by_form(visit, settings_link(name->text()));
}

Result<http::Response> remove_publisher(const Visit& visit) {
  const auto name = registry::addressed_package(visit.request);
  if (!name) return pass_on(name);
  return remove_publisher_by_form(visit, settings_link(name->text()));
}

Result<http::Response> keep_publisher(const Visit& visit) {
  const auto name = registry::addressed_package(visit.request);
  if (!name) return pass_on(name);
  return keep_publisher_by_form(visit, settings_link(name->text()));
}

Result<http::Response> restore_publisher(const Visit& visit) {
  const auto name = registry::addressed_package(visit.request);
  if (!name) return pass_on(name);
  return restore_publisher_by_form(visit, settings_link(name->text()));
}

Result<http::Response> set_switch(const Visit& visit) {
  const auto name = registry::addressed_package(visit.request);
  if (!name) return pass_on(name);
  return set_switch_by_form(visit, settings_link(name->text()));
}

}  // namespace

void add_publisher_pages(http::Router& router, WebServices& services) {
  constexpr std::string_view settings = "/package/{package}/settings";
  add_page(router, services, settings, Audience::signed_in, show_settings);
  add_form(router, services, "/package/{package}/settings/publishers", Audience::signed_in,
           add_publisher, show_settings);
  add_form(router, services, "/package/{package}/settings/publishers/remove", Audience::signed_in,
           remove_publisher, show_settings);
  add_form(router, services, "/package/{package}/settings/publishers/keep", Audience::signed_in,
           keep_publisher, show_settings);
  add_form(router, services, "/package/{package}/settings/publishers/restore", Audience::signed_in,
           restore_publisher, show_settings);
  add_form(router, services, "/package/{package}/settings/switches", Audience::signed_in,
           set_switch, show_settings);
}

}  // namespace imp::web
