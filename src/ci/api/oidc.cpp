#include "ci/api/endpoint.h"

namespace imp::ci {
namespace {

/// These documents are public: relying parties have no credential here.
using PublicEndpoint = Result<std::shared_ptr<const http::Prepared>> (*)(CiServices&,
                                                                         const http::Request&);

void add_public(http::Router& router, CiServices& services, std::string_view pattern,
                PublicEndpoint endpoint) {
  router.add(http::Method::get, pattern, [&services, endpoint](const http::Request& request) {
    auto document = endpoint(services, request);
    if (!document) return http::failure(document.error());
    http::Response response;
    response.body = std::move(*document);
    return response;
  });
}

/// Only organisations that exist are issuers; and only under their id as it is in `iss`.
Result<accounts::Organization> organization_of(CiServices& services, const http::Request& request) {
  auto organization = services.accounts.organizations.by_id(request.param("organization_id"));
  if (organization && organization->id == request.param("organization_id")) return organization;
  if (!organization && organization.error().kind() != FailureKind::not_found) return organization;
  return refuse(ApiRefusal::organization_hidden, "There is no such issuer.");
}

Result<std::shared_ptr<const http::Prepared>> root_discovery(CiServices& services,
                                                             const http::Request&) {
  return services.issuer.discovery(services.issuer.root_url());
}

Result<std::shared_ptr<const http::Prepared>> organization_discovery(CiServices& services,
                                                                     const http::Request& request) {
  const auto organization = organization_of(services, request);
  if (!organization) return pass_on(organization);
  return services.issuer.discovery(services.issuer.organization_url(organization->id));
}

Result<std::shared_ptr<const http::Prepared>> root_jwks(CiServices& services,
                                                        const http::Request&) {
  return services.issuer.jwks();
}

Result<std::shared_ptr<const http::Prepared>> organization_jwks(CiServices& services,
                                                                const http::Request& request) {
  const auto organization = organization_of(services, request);
  if (!organization) return pass_on(organization);
  return services.issuer.jwks();
}

}  // namespace

void add_oidc_routes(http::Router& router, CiServices& services) {
  add_public(router, services, "/oidc/.well-known/openid-configuration", root_discovery);
  add_public(router, services, "/oidc/.well-known/jwks-pub.json", root_jwks);
  add_public(router, services, "/oidc/org/{organization_id}/.well-known/openid-configuration",
             organization_discovery);
  add_public(router, services, "/oidc/org/{organization_id}/.well-known/jwks-pub.json",
             organization_jwks);
}

}  // namespace imp::ci
