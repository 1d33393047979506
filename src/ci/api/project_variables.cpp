#include "ci/api/endpoint.h"
#include "ci/api/page.h"
#include "ci/api/project_json.h"

namespace imp::ci {
namespace {

/// A value has at most 32 KiB, each byte of which JSON may write as six.
constexpr std::size_t body_limit = 256 * 1024;

Result<http::Response> list_variables(const Call& call) {
  const auto project = project_for_member(call);
  if (!project) return pass_on(project);
  const auto variables = call.services.project_variables.list(project->id);
  if (!variables) return pass_on(variables);
  return page_response(
      call, *variables, [](const ProjectVariable& variable) { return variable.name; },
      [](const ProjectVariable& variable) -> Result<boost::json::object> {
        return to_json(variable);
      });
}

Result<http::Response> store_variable(const Call& call) {
  const auto project = project_for_admin(call);
  if (!project) return pass_on(project);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto variable_name = required_text(*body, "name");
  if (!variable_name) return pass_on(variable_name);
  const auto value = required_text(*body, "value");
  if (!value) return pass_on(value);
  const auto variable = call.services.project_variables.store(project->id, *variable_name, *value,
                                                              call.caller.actor());
  if (!variable) return pass_on(variable);
  return http::json(201, to_json(*variable));
}

Result<http::Response> show_variable(const Call& call) {
  const auto project = project_for_member(call);
  if (!project) return pass_on(project);
  const auto variable = call.services.project_variables.find(project->id, call.param("name"));
  if (!variable) return pass_on(variable);
  return http::json(200, to_json(*variable));
}

Result<http::Response> delete_variable(const Call& call) {
  const auto project = project_for_admin(call);
  if (!project) return pass_on(project);
  if (auto removed = call.services.project_variables.remove(project->id, call.param("name"),
                                                            call.caller.actor());
      !removed) {
    return pass_on(removed);
  }
  return http::json(200, boost::json::object{{"message", "Environment variable deleted."}});
}

}  // namespace

void add_project_variable_routes(http::Router& router, CiServices& services) {
  using http::Method;
  constexpr std::string_view all = "/api/v2/project/{provider}/{organization}/{project}/envvar";
  constexpr std::string_view one =
      "/api/v2/project/{provider}/{organization}/{project}/envvar/{name}";
  add_endpoint(router, services, Method::get, all, list_variables);
  add_endpoint(router, services, Method::post, all, store_variable, {.body_limit = body_limit});
  add_endpoint(router, services, Method::get, one, show_variable);
  add_endpoint(router, services, Method::del, one, delete_variable);
}

}  // namespace imp::ci
