#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

/// Refuses to build from, or to read the configuration from, anything but the project's own
/// repository, which `own` describes as to_json() does. What was read may be written back.
Result<void> check_same(const boost::json::object& given, const boost::json::object& own,
                        const std::string& path) {
  for (const auto& member : given) {
    const std::string name = path + "." + std::string(member.key());
    const auto* known = own.if_contains(member.key());
    if (known && known->is_object() && member.value().is_object()) {
      if (auto same = check_same(member.value().get_object(), known->get_object(), name); !same) {
        return same;
      }
    } else if (!known || *known != member.value()) {
      return refuse(
          ApiRefusal::unsupported_setting,
          fmt::format("This server cannot set \"{}\": a pipeline definition belongs to its "
                      "project's own repository, {}. Leave it out.",
                      name, boost::json::serialize(own)));
    }
  }
  return {};
}

Result<boost::json::object> object_in(const boost::json::object& body, std::string_view name) {
  const auto* value = body.if_contains(name);
  if (!value || value->is_null()) return boost::json::object();
  if (const auto* object = value->if_object()) return *object;
  return refuse(ApiRefusal::malformed_body,
                fmt::format("\"{}\" in the request's body is an object.", name));
}

/// The configuration's path in "config_source".
Result<std::optional<std::string>> config_path_in(const boost::json::object& body,
                                                  const Project& project) {
  auto config = object_in(body, "config_source");
  if (!config) return pass_on(config);
  const auto checkout = object_in(body, "checkout_source");
  if (!checkout) return pass_on(checkout);
  auto path = optional_text(*config, "file_path");
  if (!path) return pass_on(path);
  config->erase("file_path");
  const boost::json::object own = source_of(project);
  if (auto same = check_same(*config, own, "config_source"); !same) return pass_on(same);
  if (auto same = check_same(*checkout, own, "checkout_source"); !same) return pass_on(same);
  return path;
}

Result<DefinitionChange> change_in(const boost::json::object& body, const Project& project) {
  auto definition_name = optional_text(body, "name");
  if (!definition_name) return pass_on(definition_name);
  auto description = optional_text(body, "description");
  if (!description) return pass_on(description);
  auto config_path = config_path_in(body, project);
  if (!config_path) return pass_on(config_path);
  return DefinitionChange{std::move(*definition_name), std::move(*description),
                          std::move(*config_path)};
}

Result<http::Response> create_definition(const Call& call) {
  const auto project = project_for_admin(call);
  if (!project) return pass_on(project);
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  const auto wanted = change_in(*body, *project);
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
  const auto change = change_in(*body, *project);
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
