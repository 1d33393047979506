#include <boost/json.hpp>

#include "registry/api/trust/pending_publishers.h"
#include "web/frame/frames.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/routes.h"
#include "web/trust/publisher_model.h"
#include "web/trust/publisher_parts.h"
#include "web/trust/switch_forms.h"

namespace imp::web {

namespace {

std::string scope_link(const Visit& visit) {
  return "/org/" + visit.param("organization") + "/publishers";
}

Result<http::Response> show_scope(const Visit& visit) {
  const auto organization = ci::organization_for_admin(visit.call(), visit.param("organization"));
  if (!organization) return pass_on(organization);
  auto& services = visit.services.registry;
  const registry::TrustTarget target = registry::ScopeOf{organization->name};
  const auto requester = registry::Requester::identify(services, visit.request);
  if (!requester) return pass_on(requester);
  const auto place = registry::governed_place(services, *requester, target);
  if (!place) return pass_on(place);
  const std::string link = "/org/" + organization->name + "/publishers";
  auto model = publisher_parts(visit, target, *place, link, link);
  if (!model) return pass_on(model);
  (*model)["name"] = organization->name;
  (*model)["display_name"] = organization->display_name;
  (*model)["tabs"] = organization_tabs(visit, *organization, "Publishers");
  Page page{.title = "Trusted publishers of @" + organization->name,
            .content = "scope_publishers",
            .model = std::move(*model)};
  page.scripts.emplace_back("publisher.js");
  if (const auto added = add_factor_of_visitor(visit, page); !added) return pass_on(added);
  return show(visit, std::move(page));
}

Result<http::Response> add_to_scope(const Visit& visit) {
  return add_publisher_by_form(visit, scope_link(visit));
}

Result<http::Response> remove_from_scope(const Visit& visit) {
  return remove_publisher_by_form(visit, scope_link(visit));
}

Result<http::Response> keep_in_scope(const Visit& visit) {
  return keep_publisher_by_form(visit, scope_link(visit));
}

Result<http::Response> restore_in_scope(const Visit& visit) {
  return restore_publisher_by_form(visit, scope_link(visit));
}

Result<http::Response> set_scope_switch(const Visit& visit) {
  return set_switch_by_form(visit, scope_link(visit));
}

boost::json::object line_of(const trust::TrustedPublisher& publisher) {
  boost::json::object line = publisher_line(publisher);
  const std::string_view name = trust::pending_name(publisher.package_id);
  line["name"] = name;
  line["link"] = package_link(name) + "/settings";
  return line;
}

/// What the visitor prepared for packages that do not exist.
Result<http::Response> list_prepared(const Visit& visit) {
  auto& services = visit.services.registry;
  const auto requester = registry::Requester::identify(services, visit.request);
  if (!requester) return pass_on(requester);
  const auto prepared = registry::prepared_by(services, *requester);
  if (!prepared) return pass_on(prepared);
  const Time now = visit.services.clock.now();
  boost::json::array waiting, ended;
  for (const trust::TrustedPublisher& one : prepared->waiting) {
    boost::json::object line = line_of(one);
    line["ends"] = time_model(one.ends_at, now);
    waiting.push_back(std::move(line));
  }
  for (const trust::EndedPublisher& one : prepared->ended) {
    boost::json::object line = line_of(one.publisher);
    line["reason"] = trust::text(one.reason);
    line["when"] = time_model(one.ended_at, now);
    ended.push_back(std::move(line));
  }
  return show(visit, {.title = "Packages you prepared",
                      .content = "prepared",
                      .model = {{"typed", visit.query("name")},
                                {"prepared", std::move(waiting)},
                                {"has_ended", !ended.empty()},
                                {"ended", std::move(ended)}},
                      .trail = {{"Your account", "/account"}}});
}

/// The list; a name leads to its page.
Result<http::Response> show_prepared(const Visit& visit) {
  const std::string name = visit.query("name");
  if (name.empty()) return list_prepared(visit);
  const auto parsed = registry::PackageName::for_new(name);
  if (parsed) return http::see_other(package_link(parsed->text()) + "/settings");
  Visit again = visit;
  again.problem = &parsed.error();
  return list_prepared(again);
}

}  // namespace

void add_scope_publisher_pages(http::Router& router, WebServices& services) {
  constexpr std::string_view page = "/org/{organization}/publishers";
  add_page(router, services, page, Audience::signed_in, show_scope);
  add_form(router, services, page, Audience::signed_in, add_to_scope, show_scope);
  add_form(router, services, "/org/{organization}/publishers/remove", Audience::signed_in,
           remove_from_scope, show_scope);
  add_form(router, services, "/org/{organization}/publishers/keep", Audience::signed_in,
           keep_in_scope, show_scope);
  add_form(router, services, "/org/{organization}/publishers/restore", Audience::signed_in,
           restore_in_scope, show_scope);
  add_form(router, services, "/org/{organization}/publishers/switches", Audience::signed_in,
           set_scope_switch, show_scope);
  add_page(router, services, "/account/prepared", Audience::signed_in, show_prepared);
}

}  // namespace imp::web
