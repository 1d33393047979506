#include <boost/json/array.hpp>

#include "ci/api/context_json.h"
#include "ci/api/context_rights.h"
#include "ci/api/endpoint.h"
#include "ci/api/page.h"

namespace imp::ci {
namespace {

std::unexpected<Failure> organizations_only() {
  return refuse(ApiRefusal::invalid_parameter,
                "Contexts belong to owners of type \"organization\".");
}

Result<boost::json::object> with_variables(const Call& call, const Context& context) {
  boost::json::object object = to_json(context);
  const auto variables = call.services.context_variables.list(context.id);
  if (!variables) return pass_on(variables);
  boost::json::array list;
  for (const ContextVariable& variable : *variables) list.push_back(to_json(variable));
  object["environment_variables"] = std::move(list);
  return object;
}

Result<http::Response> list_contexts(const Call& call) {
  const auto type = call.request.query("owner-type");
  if (type && *type != "organization") return organizations_only();
  auto owner = call.request.query("owner-id");
  if (!owner) owner = call.request.query("owner-slug");
  if (!owner || owner->empty()) {
    return refuse(ApiRefusal::missing_parameter,
                  "Name the organization with \"owner-id\" or \"owner-slug\".");
  }
  const auto organization = organization_for_member(call, *owner);
  if (!organization) return pass_on(organization);
  const auto contexts =
      call.services.contexts.list(organization->id, call.request.query("name").value_or(""));
  if (!contexts) return pass_on(contexts);
  const bool variables = call.request.query("include-env-vars") == "true";
  return page_response(
      call, *contexts, [](const Context& context) { return context.name; },
      [&](const Context& context) -> Result<boost::json::object> {
        if (variables) return with_variables(call, context);
        return to_json(context);
      });
}

Result<std::string> owner_in(const boost::json::object& body) {
  const auto* owner = body.if_contains("owner");
  const auto* object = owner ? owner->if_object() : nullptr;
  if (!object) {
    return refuse(ApiRefusal::malformed_body,
                  "\"owner\" in the request's body is an object with \"id\" or \"slug\".");
  }
  const auto type = optional_text(*object, "type");
  if (!type) return pass_on(type);
  if (*type && **type != "organization") return organizations_only();
  if (object->contains("id")) return required_text(*object, "id");
  return required_text(*object, "slug");
}

Result<http::Response> create_context(const Call& call) {
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto context_name = required_text(*body, "name");
  if (!context_name) return pass_on(context_name);
  const auto owner = owner_in(*body);
  if (!owner) return pass_on(owner);
  const auto organization = organization_for_member(call, *owner);
  if (!organization) return pass_on(organization);
  const auto context =
      call.services.contexts.create(organization->id, *context_name, call.caller.actor());
  if (!context) return pass_on(context);
  return http::json(200, to_json(*context));
}

Result<http::Response> show_context(const Call& call) {
  const auto found = context_for_member(call);
  if (!found) return pass_on(found);
  auto object = with_variables(call, found->context);
  if (!object) return pass_on(object);
  const auto restrictions = call.services.restrictions.list(found->context.id);
  if (!restrictions) return pass_on(restrictions);
  boost::json::array list;
  for (const Restriction& restriction : *restrictions) list.push_back(to_json(restriction));
  (*object)["restrictions"] = std::move(list);
  return http::json(200, *object);
}

Result<http::Response> delete_context(const Call& call) {
  const auto found = context_for_change(call);
  if (!found) return pass_on(found);
  if (auto removed = call.services.contexts.remove(found->id, call.caller.actor()); !removed) {
    return pass_on(removed);
  }
  return http::json(200, boost::json::object{{"message", "Context deleted."}});
}

}  // namespace

void add_context_routes(http::Router& router, CiServices& services) {
  using http::Method;
  add_endpoint(router, services, Method::get, "/api/v2/context", list_contexts);
  add_endpoint(router, services, Method::post, "/api/v2/context", create_context);
  add_endpoint(router, services, Method::get, "/api/v2/context/{context_id}", show_context);
  add_endpoint(router, services, Method::del, "/api/v2/context/{context_id}", delete_context);
}

}  // namespace imp::ci
