#include "http/response.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"
#include "registry/provenance/attestations.h"

namespace imp::registry {

namespace {

struct Release {
  PackageName name;
  std::string version;
};

/// "@acme/widget@1.0.0"
Result<Release> release_of(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0) {
    return refuse(PackageRefusal::version_not_found,
                  "The address of attestations ends with a package's name, \"@\" and a version.");
  }
  auto name = PackageName::for_read(text.substr(0, at));
  if (!name) return pass_on(name);
  return Release{std::move(*name), std::string(text.substr(at + 1))};
}

/// What there is for somebody with these rights; a package that is hidden from them is not there.
Result<std::vector<Attestation>> find(db::Session& session, const Release& release,
                                      const Caller& rights) {
  const auto package = find_package(session, release.name.text());
  if (!package || !may_read(rights, access_of(session, *package))) {
    return refuse(PackageRefusal::package_not_found,
                  fmt::format("There is no package \"{}\" here.", release.name.text()));
  }
  auto found = attestations_of(session, package->id, release.version);
  if (found.empty()) {
    return refuse(
        PackageRefusal::version_not_found,
        fmt::format("There are no attestations of {}@{}: the registry makes them for what "
                    "is published by trusted publishing.",
                    release.name.text(), release.version));
  }
  return found;
}

}  // namespace

void add_attestation_routes(http::Router& router, RegistryServices& services) {
  router.add(http::Method::get, "/-/npm/v1/attestations/{release...}",
             [&services](const http::Request& request) {
               const auto release = release_of(request.param("release"));
               if (!release) return http::failure(release.error());
               const auto requester = Requester::identify(services, request);
               if (!requester) return accounts::refusal_response(requester.error());
               const auto rights = requester->rights_to_read(release->name);
               if (!rights) return accounts::refusal_response(rights.error());
               const auto found = services.database.read(
                   [&](db::Session& session) { return find(session, *release, *rights); });
               if (!found) return http::failure(found.error());
               return http::json_text(200, attestations_document(*found));
             });
}

}  // namespace imp::registry
