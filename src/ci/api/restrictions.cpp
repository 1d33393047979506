#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "ci/api/context_json.h"
#include "ci/api/context_rights.h"
#include "ci/api/endpoint.h"

namespace imp::ci {
namespace {

Result<http::Response> list_restrictions(const Call& call) {
  const auto found = context_for_member(call);
  if (!found) return pass_on(found);
  const auto restrictions = call.services.restrictions.list(found->context.id);
  if (!restrictions) return pass_on(restrictions);
  boost::json::array items;
  for (const Restriction& restriction : *restrictions) items.push_back(to_json(restriction));
  return http::json(200,
                    boost::json::object{{"items", std::move(items)}, {"next_page_token", nullptr}});
}

Result<NewRestriction> wanted(const boost::json::object& body) {
  const auto type = required_text(body, "restriction_type");
  if (!type) return pass_on(type);
  const auto kind = restriction_kind(*type);
  if (!kind) {
    return refuse(ApiRefusal::invalid_parameter,
                  "\"restriction_type\" is \"group\", \"project\" or \"expression\".");
  }
  // Older clients name the project in "project_id" alone.
  const bool old_form = *kind == RestrictionKind::project && !body.contains("restriction_value");
  auto value = required_text(body, old_form ? "project_id" : "restriction_value");
  if (!value) return pass_on(value);
  return NewRestriction{.context_id = {}, .kind = *kind, .value = std::move(*value), .name = {}};
}

Result<http::Response> create_restriction(const Call& call) {
  const auto context = context_for_admin(call);
  if (!context) return pass_on(context);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  auto restriction = wanted(*body);
  if (!restriction) return pass_on(restriction);
  const auto added = add_restriction(call, *context, std::move(*restriction));
  if (!added) return pass_on(added);
  return http::json(201, to_json(*added));
}

Result<http::Response> delete_restriction(const Call& call) {
  const auto context = context_for_admin(call);
  if (!context) return pass_on(context);
  if (auto removed = call.services.restrictions.remove(context->id, call.param("restriction_id"),
                                                       call.caller.actor());
      !removed) {
    return pass_on(removed);
  }
  return http::json(200, boost::json::object{{"message", "Context restriction deleted."}});
}

}  // namespace

void add_restriction_routes(http::Router& router, CiServices& services) {
  using http::Method;
  constexpr std::string_view all = "/api/v2/context/{context_id}/restrictions";
  add_endpoint(router, services, Method::get, all, list_restrictions);
  add_endpoint(router, services, Method::post, all, create_restriction);
  add_endpoint(router, services, Method::del,
               "/api/v2/context/{context_id}/restrictions/{restriction_id}", delete_restriction);
}

}  // namespace imp::ci
