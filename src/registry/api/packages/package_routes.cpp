#include <fmt/format.h>

#include "crypto/hash.h"
#include "http/negotiation.h"
#include "http/response.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/packages/refusal.h"

namespace imp::registry {

namespace {

/// Whose rights decide what may be read of a package.
struct Reader {
  Caller rights;
  std::optional<Failure> refusal;  ///< of the credential; the rights are then nobody's
};

/// What everybody may read is answered on the I/O thread without a look at the credential, once it
/// is cached. So a wrong credential must not keep it from anybody before that either.
Result<Reader> reader(RegistryServices& services, const PackageName& name,
                      const http::Request& request) {
  const auto requester = Requester::identify(services, request);
  auto rights = requester ? requester->rights_to_read(name) : pass_on(requester);
  if (rights) return Reader{std::move(*rights), std::nullopt};
  const FailureKind kind = rights.error().kind();
  const bool credential = kind == FailureKind::unauthenticated || kind == FailureKind::forbidden;
  if (!credential) return pass_on(rights);
  return Reader{Caller{}, std::move(rights.error())};
}

/// The answer to a package that nobody may read, or that is not there, is the credential's refusal.
http::Response not_read(const Reader& reader, const Failure& failure) {
  const bool hidden = failure.code() == reason(PackageRefusal::package_not_found).code;
  return hidden && reader.refusal ? accounts::refusal_response(*reader.refusal)
                                  : http::failure(failure);
}

http::Response packument(RegistryServices& services, const http::Request& request,
                         const PackageName& name, const Reader& reader) {
  const auto package = services.reader.package(name, reader.rights);
  if (!package) return not_read(reader, package.error());
  http::Response response;
  response.body = PackageReader::representation(**package, request);
  return response;
}

http::Response manifest(RegistryServices& services, const http::Request& request,
                        const PackageName& name, const Reader& reader) {
  auto document = services.reader.manifest(name, request.param("version"), reader.rights);
  if (!document) return not_read(reader, document.error());
  const std::string etag = fmt::format("\"{:.32}\"", crypto::sha256_hex(*document));
  http::Response response = http::json_text(200, std::move(*document));
  if (http::none_match_holds(request, etag)) {
    response = {};
    response.status = 304;
  }
  // What somebody with a credential was shown may be restricted.
  response.header("cache-control", reader.rights.anonymous() ? "no-cache" : "private, no-cache");
  response.header("etag", etag);
  return response;
}

http::Response tarball(RegistryServices& services, const http::Request& request,
                       const PackageName& name, const Reader& reader) {
  auto tarball = services.reader.tarball(name, request.param("file"), reader.rights);
  if (!tarball) return not_read(reader, tarball.error());
  http::Response response;
  response.body = std::move(*tarball);
  return response;
}

}  // namespace

void add_package_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return [&services, handler](const http::Request& request) {
      const auto answer = [&] {
        const auto name = addressed_package(request);
        if (!name) return http::failure(name.error());
        const auto who = reader(services, *name, request);
        if (!who) return accounts::refusal_response(who.error());
        return handler(services, request, *name, *who);
      };
      http::Response response = answer();
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
