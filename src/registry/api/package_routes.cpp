#include "http/response.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"

namespace imp::registry {

namespace {

/// A tarball's bytes never change, so clients and proxies may keep them for ever. Not gzip: the
/// payload is compressed already, and clients check its hash.
constexpr std::string_view kImmutable = "public, max-age=31536000, immutable";
constexpr std::string_view kImmutablePrivate = "private, max-age=31536000, immutable";

/// The requester, when the credential may read the package; what to answer otherwise.
std::expected<Requester, http::Response> reader(RegistryServices& services, const PackageName& name,
                                                const http::Request& request) {
  auto requester = Requester::identify(services, request);
  if (!requester) return std::unexpected(accounts::refusal_response(requester.error()));
  if (const auto allowed = requester->may(trust::PublishAction::read, name); !allowed) {
    return std::unexpected(accounts::refusal_response(allowed.error()));
  }
  return std::move(*requester);
}

http::Response packument(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const auto requester = reader(services, *name, request);
  if (!requester) return requester.error();
  const auto package = services.reader.package(*name, requester->rights());
  if (!package) return http::failure(package.error());
  http::Response response;
  response.body = PackageReader::representation(**package, request);
  return response;
}

http::Response manifest(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const auto requester = reader(services, *name, request);
  if (!requester) return requester.error();
  auto document = services.reader.manifest(*name, request.param("version"), requester->rights());
  if (!document) return http::failure(document.error());
  http::Response response = http::json_text(200, std::move(*document));
  response.header("cache-control", "no-cache");
  return response;
}

http::Response tarball(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  const auto requester = reader(services, *name, request);
  if (!requester) return requester.error();
  const auto package = services.reader.package(*name, requester->rights());
  if (!package) return http::failure(package.error());
  const auto found = services.reader.tarball(*name, request.param("file"), requester->rights());
  if (!found) return http::failure(found.error());
  const std::string etag = '"' + found->sha512.substr(0, 64) + '"';
  http::Response response;
  response.header("cache-control", (*package)->anonymous() ? kImmutable : kImmutablePrivate);
  response.header("etag", etag);
  if (request.header("if-none-match") == etag) {
    response.status = 304;
    return response;
  }
  const auto blob = services.blobs.open(found->sha512);
  if (!blob) return http::failure(blob.error());
  response.header("content-type", "application/octet-stream");
  response.body = http::FileBody{blob->descriptor, 0, blob->size};
  return response;
}

}  // namespace

void add_package_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
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
