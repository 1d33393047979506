#include <fmt/format.h>

#include "ci/api/endpoint.h"
#include "ci/api/organization_json.h"

namespace imp::ci {
namespace {

Result<http::Response> create_organization(const Call& call) {
  const auto body = body_of(call);
  if (!body) return pass_on(body);
  auto organization_name = required_text(*body, "name");
  if (!organization_name) return pass_on(organization_name);
  auto vcs_type = optional_text(*body, "vcs_type");
  if (!vcs_type) return pass_on(vcs_type);
  const auto created =
      call.services.accounts.organizations.create({.name = std::move(*organization_name),
                                                   .display_name = {},
                                                   .vcs_type = vcs_type->value_or("circleci")},
                                                  call.person(), call.caller.actor());
  if (!created) return pass_on(created);
  return http::json(201, to_json(*created));
}

Result<http::Response> show_organization(const Call& call) {
  const std::string& provider = call.param("provider");
  const auto organization = organization_for_member(
      call, provider.empty() ? call.param("organization")
                             : fmt::format("{}/{}", provider, call.param("organization")));
  if (!organization) return pass_on(organization);
  return http::json(200, to_json(*organization));
}

}  // namespace

boost::json::object to_json(const accounts::Organization& organization) {
  return {{"id", organization.id},
          {"name", organization.name},
          {"slug", organization.slug},
          {"vcs_type", organization.vcs_type}};
}

void add_organization_routes(http::Router& router, CiServices& services) {
  using http::Method;
  add_endpoint(router, services, Method::post, "/api/v2/organization", create_organization);
  // By id or name, or by a slug whose slash is escaped; and by a slug as two segments.
  add_endpoint(router, services, Method::get, "/api/v2/organization/{organization}",
               show_organization);
  add_endpoint(router, services, Method::get, "/api/v2/organization/{provider}/{organization}",
               show_organization);
}

}  // namespace imp::ci
