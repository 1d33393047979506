#include <boost/json.hpp>

#include "registry/api/trust/trust_place.h"
#include "web/handlers.h"
#include "web/model.h"
#include "web/publisher_check.h"
#include "web/publisher_model.h"
#include "web/publisher_parts.h"
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
  const auto target = publisher_target(visit);
  if (!target) return pass_on(target);
  auto& services = visit.services.registry;
  const auto requester = registry::Requester::identify(services, visit.request);
  if (!requester) return pass_on(requester);
  const auto place = registry::governed_place(services, *requester, *target);
  if (!place) return pass_on(place);
  const http::Request form = as_form(visit.request);
  const Visit typed{visit.services, form, visit.caller};
  const auto notes = check_typed(typed, chosen_provider(typed));
  if (!notes) return pass_on(notes);
  boost::json::array items;
  for (const FieldNote& note : *notes) {
    items.push_back({{"field", note.field}, {"text", note.text}, {"problem", note.problem}});
  }
  const std::string name = registry::text_of(*target);
  const std::string base = place->kind == trust::PlaceKind::scope
                               ? "/org/" + visit.param("organization") + "/publishers"
                               : package_link(name) + "/settings";
  return show(visit, {.title = "What is typed for " + name,
                      .content = "publisher_check",
                      .model = {{"name", name}, {"base", base}, {"notes", std::move(items)}}});
}

}  // namespace

void add_publisher_check_page(http::Router& router, WebServices& services) {
  for (const std::string forms :
       {"/package/{package}/settings/publishers", "/org/{organization}/publishers"}) {
    add_page(router, services, forms + "/check", Audience::signed_in, show_check);
  }
}

}  // namespace imp::web
