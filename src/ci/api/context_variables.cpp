#include "ci/api/context_json.h"
#include "ci/api/context_rights.h"
#include "ci/api/endpoint.h"
#include "ci/api/page.h"

namespace imp::ci {
namespace {

/// A value has at most 32 KiB, each byte of which JSON may write as six.
constexpr std::size_t body_limit = 256 * 1024;

Result<http::Response> list_variables(const Call& call) {
  const auto found = context_for_member(call);
  if (!found) return pass_on(found);
  const auto variables = call.services.context_variables.list(found->context.id);
  if (!variables) return pass_on(variables);
  return page_response(
      call, *variables, [](const ContextVariable& variable) { return variable.name; },
      [](const ContextVariable& variable) -> Result<boost::json::object> {
        return to_json(variable);
      });
}

Result<http::Response> store_variable(const Call& call) {
  const auto context = context_for_change(call);
  if (!context) return pass_on(context);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto value = required_text(*body, "value");
  if (!value) return pass_on(value);
  const auto variable = call.services.context_variables.store(context->id, call.param("name"),
                                                              *value, call.caller.actor());
  if (!variable) return pass_on(variable);
  return http::json(200, to_json(*variable));
}

Result<http::Response> delete_variable(const Call& call) {
  const auto context = context_for_change(call);
  if (!context) return pass_on(context);
  if (auto removed = call.services.context_variables.remove(context->id, call.param("name"),
                                                            call.caller.actor());
      !removed) {
    return pass_on(removed);
  }
  return http::json(200, boost::json::object{{"message", "Environment variable deleted."}});
}

}  // namespace

void add_context_variable_routes(http::Router& router, CiServices& services) {
  using http::Method;
  constexpr std::string_view all = "/api/v2/context/{context_id}/environment-variable";
  constexpr std::string_view one = "/api/v2/context/{context_id}/environment-variable/{name}";
  add_endpoint(router, services, Method::get, all, list_variables);
  add_endpoint(router, services, Method::put, one, store_variable, {.body_limit = body_limit});
  add_endpoint(router, services, Method::del, one, delete_variable);
}

}  // namespace imp::ci
