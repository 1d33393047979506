#include "ci/api/endpoint.h"
#include "ci/api/page.h"
#include "ci/api/project_json.h"

namespace imp::ci {
namespace {

Result<http::Response> list_definitions(const Call& call) {
  const auto project = project_for_member(call);
  if (!project) return pass_on(project);
  const auto definitions = call.services.definitions.list(project->id);
  if (!definitions) return pass_on(definitions);
  return page_response(
      call, *definitions,
      [](const PipelineDefinition& definition) {
        return iso8601(definition.created) + definition.id;
      },
      [&](const PipelineDefinition& definition) -> Result<boost::json::object> {
        return to_json(definition, *project);
      });
}

Result<http::Response> show_definition(const Call& call) {
  const auto project = project_for_member(call);
  if (!project) return pass_on(project);
  const auto definition = call.services.definitions.find(project->id, call.param("definition_id"));
  if (!definition) return pass_on(definition);
  return http::json(200, to_json(*definition, *project));
}

/// The configuration's path in "config_source"; its repository is always the project's own.
Result<std::optional<std::string>> config_path_in(const boost::json::object& body) {
  const auto* source = body.if_contains("config_source");
  if (!source || source->is_null()) return std::nullopt;
  const auto* object = source->if_object();
  if (!object) {
    return refuse(ApiRefusal::malformed_body,
                  "\"config_source\" in the request's body is an object with \"file_path\".");
  }
  return optional_text(*object, "file_path");
}

Result<DefinitionChange> change_in(const boost::json::object& body) {
  auto definition_name = optional_text(body, "name");
  if (!definition_name) return pass_on(definition_name);
  auto description = optional_text(body, "description");
  if (!description) return pass_on(description);
  auto config_path = config_path_in(body);
  if (!config_path) return pass_on(config_path);
  return DefinitionChange{std::move(*definition_name), std::move(*description),
                          std::move(*config_path)};
}

Result<http::Response> create_definition(const Call& call) {
  const auto project = project_for_admin(call);
  if (!project) return pass_on(project);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto wanted = change_in(*body);
  if (!wanted) return pass_on(wanted);
  if (!wanted->name) {
    return refuse(ApiRefusal::malformed_body, "The request's body lacks \"name\".");
  }
  const auto created = call.services.definitions.create(
      project->id, *wanted->name, wanted->description.value_or(""),
      wanted->config_path.value_or(".circleci/config.yml"), call.caller.actor());
  if (!created) return pass_on(created);
  return http::json(201, to_json(*created, *project));
}

Result<http::Response> change_definition(const Call& call) {
  const auto project = project_for_admin(call);
  if (!project) return pass_on(project);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto change = change_in(*body);
  if (!change) return pass_on(change);
  const auto changed = call.services.definitions.change(project->id, call.param("definition_id"),
                                                        *change, call.caller.actor());
  if (!changed) return pass_on(changed);
  return http::json(200, to_json(*changed, *project));
}

Result<http::Response> delete_definition(const Call& call) {
  const auto project = project_for_admin(call);
  if (!project) return pass_on(project);
  if (auto removed = call.services.definitions.remove(project->id, call.param("definition_id"),
                                                      call.caller.actor());
      !removed) {
    return pass_on(removed);
  }
  return http::json(200, boost::json::object{{"message", "Pipeline definition deleted."}});
}

}  // namespace

void add_pipeline_definition_routes(http::Router& router, CiServices& services) {
  using http::Method;
  constexpr std::string_view all = "/api/v2/projects/{project_id}/pipeline-definitions";
  constexpr std::string_view one =
      "/api/v2/projects/{project_id}/pipeline-definitions/{definition_id}";
  add_endpoint(router, services, Method::get, all, list_definitions);
  add_endpoint(router, services, Method::post, all, create_definition);
  add_endpoint(router, services, Method::get, one, show_definition);
  add_endpoint(router, services, Method::patch, one, change_definition);
  add_endpoint(router, services, Method::del, one, delete_definition);
}

}  // namespace imp::ci
