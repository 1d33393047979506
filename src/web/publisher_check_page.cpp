#include <boost/json.hpp>

#include "registry/api/trust/trust_changes.h"
#include "web/handlers.h"
#include "web/model.h"
#include "web/package_view.h"
#include "web/publisher_check.h"
#include "web/publisher_model.h"
#include "web/routes.h"

namespace imp::web {

namespace {

/// The query as if it were the form that it will become.
http::Request as_form(const http::Request& request) {
  http::Request form = request;
  form.body = request.query_string();
  form.headers.emplace(form.headers.begin(), "content-type", "application/x-www-form-urlencoded");
  return form;
}

Result<http::Response> show_check(const Visit& visit) {
  const auto view = package_view(visit);
  if (!view) return pass_on(view);
  auto& services = visit.services.registry;
  const auto package = registry::governed_package(services, view->requester, view->name);
  if (!package) return pass_on(package);
  const http::Request form = as_form(visit.request);
  const Visit typed{visit.services, form, visit.caller};
  const auto notes = check_typed(typed, chosen_provider(typed));
  if (!notes) return pass_on(notes);
  boost::json::array items;
  for (const FieldNote& note : *notes) {
    items.push_back({{"field", note.field}, {"text", note.text}, {"problem", note.problem}});
  }
  const std::string& name = view->name.text();
  return show(visit, {.title = "What is typed for " + name,
                      .content = "publisher_check",
                      .model = {{"name", name},
                                {"base", package_link(name) + "/settings"},
                                {"notes", std::move(items)}}});
}

}  // namespace

void add_publisher_check_page(http::Router& router, WebServices& services) {
  add_page(router, services, "/package/{package}/settings/publishers/check", Audience::signed_in,
           show_check);
}

}  // namespace imp::web
