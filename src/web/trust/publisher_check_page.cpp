#include <boost/json.hpp>

#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/packages/governed.h"
#include "web/routes.h"
#include "web/trust/publisher_check.h"
#include "web/trust/publisher_model.h"

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
  const auto by = governed_trust(visit);
  if (!by) return pass_on(by);
  const http::Request form = as_form(visit.request);
  const Visit typed{visit.services, form, visit.caller};
  const auto notes = check_typed(typed, chosen_provider(typed));
  if (!notes) return pass_on(notes);
  boost::json::array items;
  for (const FieldNote& note : *notes) {
    items.push_back({{"field", note.field}, {"text", note.text}, {"problem", note.problem}});
  }
  const std::string name = registry::text_of(by->target);
  const std::string base = by->place.kind == trust::PlaceKind::scope
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
