#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "ci/api/endpoint.h"
#include "ci/api/page.h"

namespace imp::ci {
namespace {

boost::json::object to_json(const DeployEnvironment& environment) {
  return {{"id", environment.id},
          {"name", environment.name},
          {"description", ""},
          {"labels", boost::json::array()},
          {"created_at", iso8601(environment.created)}};
}

boost::json::object to_json(const DeployComponent& component) {
  return {{"id", component.id},
          {"name", component.name},
          {"project_id", component.project_id},
          {"release_count", component.release_count},
          {"labels", boost::json::array()},
          {"created_at", iso8601(component.created)}};
}

boost::json::object to_json(const DeployVersion& version) {
  return {{"name", version.name},
          {"namespace", version.namespace_name},
          {"environment_id", version.environment_id},
          {"is_live", version.live},
          {"pipeline_id", version.pipeline_id},
          {"workflow_id", version.workflow_id},
          {"job_id", version.job_id},
          {"job_number", version.job_number},
          {"last_deployed_at", iso8601(version.last_deployed)}};
}

Result<accounts::Organization> organization_of_query(const Call& call) {
  const auto id = call.request.query("org-id");
  if (!id || id->empty()) {
    return refuse(ApiRefusal::missing_parameter, "Name the organization with \"org-id\".");
  }
  return organization_for_member(call, *id);
}

/// What belongs to another organisation is as absent as what does not exist.
Result<void> check_member(const Call& call, std::string_view organization_id, Failure absent) {
  const auto standing = standing_in(call, organization_id);
  if (!standing) return pass_on(standing);
  if (!standing->member) return std::unexpected(std::move(absent));
  return {};
}

Result<http::Response> list_environments(const Call& call) {
  const auto organization = organization_of_query(call);
  if (!organization) return pass_on(organization);
  const auto environments = call.services.deploys.environments(organization->id);
  if (!environments) return pass_on(environments);
  return page_response(
      call, *environments, [](const DeployEnvironment& environment) { return environment.name; },
      [](const DeployEnvironment& environment) -> Result<boost::json::object> {
        return to_json(environment);
      });
}

Result<http::Response> show_environment(const Call& call) {
  const auto environment = call.services.deploys.environment(call.param("environment_id"));
  if (!environment) return pass_on(environment);
  const Failure absent{
      reason(DeployRefusal::environment_not_found), "There is no such environment.", {}};
  if (auto checked = check_member(call, environment->organization_id, absent); !checked) {
    return pass_on(checked);
  }
  return http::json(200, to_json(*environment));
}

Result<http::Response> list_components(const Call& call) {
  const auto organization = organization_of_query(call);
  if (!organization) return pass_on(organization);
  const auto components = call.services.deploys.components(
      organization->id, call.request.query("project-id").value_or(""),
      call.request.query("component-name").value_or(""));
  if (!components) return pass_on(components);
  // Components of different projects may have one name.
  return page_response(
      call, *components,
      [](const DeployComponent& component) { return component.name + '\n' + component.id; },
      [](const DeployComponent& component) -> Result<boost::json::object> {
        return to_json(component);
      });
}

Result<DeployComponent> component_for_member(const Call& call) {
  auto component = call.services.deploys.component(call.param("component_id"));
  if (!component) return component;
  const Failure absent{
      reason(DeployRefusal::component_not_found), "There is no such component.", {}};
  if (auto checked = check_member(call, component->organization_id, absent); !checked) {
    return pass_on(checked);
  }
  return component;
}

Result<http::Response> show_component(const Call& call) {
  const auto component = component_for_member(call);
  if (!component) return pass_on(component);
  return http::json(200, to_json(*component));
}

/// Newest first, so the sort key of a page counts down.
Result<http::Response> list_versions(const Call& call) {
  const auto component = component_for_member(call);
  if (!component) return pass_on(component);
  const auto versions = call.services.deploys.versions(component->id);
  if (!versions) return pass_on(versions);
  return page_response(
      call, *versions,
      [](const DeployVersion& version) {
        constexpr std::int64_t later_than_all = 9'999'999'999'999;
        return fmt::format("{:013}\n{}\n{}\n{}",
                           later_than_all - to_milliseconds(version.last_deployed), version.name,
                           version.environment_id, version.namespace_name);
      },
      [](const DeployVersion& version) -> Result<boost::json::object> { return to_json(version); });
}

}  // namespace

void add_deploy_routes(http::Router& router, CiServices& services) {
  using http::Method;
  add_endpoint(router, services, Method::get, "/api/v2/deploy/environments", list_environments);
  add_endpoint(router, services, Method::get, "/api/v2/deploy/environments/{environment_id}",
               show_environment);
  add_endpoint(router, services, Method::get, "/api/v2/deploy/components", list_components);
  add_endpoint(router, services, Method::get, "/api/v2/deploy/components/{component_id}",
               show_component);
  add_endpoint(router, services, Method::get, "/api/v2/deploy/components/{component_id}/versions",
               list_versions);
}

}  // namespace imp::ci
