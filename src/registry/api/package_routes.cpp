#include <fmt/format.h>

#include "crypto/hash.h"
#include "http/negotiation.h"
#include "http/response.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"

namespace imp::registry {

namespace {

/// Whose rights decide what may be read of the package; what to answer when the credential is
/// wrong.
std::expected<Caller, http::Response> reader(RegistryServices& services, const PackageName& name,
                                             const http::Request& request) {
  const auto requester = Requester::identify(services, request);
  if (!requester) return std::unexpected(accounts::refusal_response(requester.error()));
  auto rights = requester->rights_to_read(name);
  if (!rights) return std::unexpected(accounts::refusal_response(rights.error()));
  return std::move(*rights);
}

http::Response packument(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const auto rights = reader(services, *name, request);
  if (!rights) return rights.error();
  const auto package = services.reader.package(*name, *rights);
  if (!package) return http::failure(package.error());
  http::Response response;
  response.body = PackageReader::representation(**package, request);
  return response;
}

http::Response manifest(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const auto rights = reader(services, *name, request);
  if (!rights) return rights.error();
  auto document = services.reader.manifest(*name, request.param("version"), *rights);
  if (!document) return http::failure(document.error());
  const std::string etag = fmt::format("\"{:.32}\"", crypto::sha256_hex(*document));
  http::Response response = http::json_text(200, std::move(*document));
  if (http::none_match_holds(request, etag)) {
    response = {};
    response.status = 304;
  }
  // What somebody with a credential was shown may be restricted.
  response.header("cache-control", rights->anonymous() ? "no-cache" : "private, no-cache");
  response.header("etag", etag);
  return response;
}

http::Response tarball(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const auto rights = reader(services, *name, request);
  if (!rights) return rights.error();
  auto tarball = services.reader.tarball(*name, request.param("file"), *rights);
  if (!tarball) return http::failure(tarball.error());
  http::Response response;
  response.body = std::move(*tarball);
  return response;
}

}  // namespace

void add_package_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return [&services, handler](const http::Request& request) {
      http::Response response = handler(services, request);
      // A proxy that kept "there is no such package" would hide the publish that follows.
      if (response.status >= 400) response.header("cache-control", "no-store");
      return response;
    };
  };
  http::RouteOptions cached;
  cached.no_store = false;
  router.add(http::Method::get, "/{package}", bind(packument), cached);
  router.add(http::Method::get, "/{package}/{version}", bind(manifest), cached);
  router.add(http::Method::get, "/{package}/-/{file}", bind(tarball), cached);
  router.add(http::Method::get, "/-/ping",
             [](const http::Request&) { return http::json_text(200, "{}"); });
}

}  // namespace imp::registry
