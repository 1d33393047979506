#include <boost/json.hpp>

#include "http/response.h"
#include "registry/api/refusals.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/api/trust_changes.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

/// A request about a package's trusted publishers by somebody who governs it.
struct Governed {
  PackageName name;
  Requester requester;
  std::string package_id;
};

/// Everything that must hold before trust is shown or changed: a person, their right, their second
/// factor. npm asks for the factor even to list.
std::expected<Governed, http::Response> govern(RegistryServices& services,
                                               const http::Request& request, std::string action) {
  const auto name = addressed_package(request);
  if (!name) return std::unexpected(http::failure(name.error()));
  const std::string subject = "package:" + name->text();
  auto requester = Requester::identify(services, request);
  if (!requester)
    return std::unexpected(refused(services, nullptr, action, subject, requester.error()));
  const auto package = governed_package(services, *requester, *name);
  if (!package) {
    return std::unexpected(refused(services, &*requester, action, subject, package.error()));
  }
  if (auto challenge =
          second_factor(services, request, *requester, action, name->text(), Without::refuse)) {
    return std::unexpected(std::move(*challenge));
  }
  return Governed{*name, std::move(*requester), package->id};
}

http::Response list(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request, "trust.list");
  if (!governed) return governed.error();
  boost::json::array items;
  const auto read = services.database.read([&](db::Session& session) -> Result<void> {
    for (const auto& publisher : trust::publishers_of(session, governed->package_id)) {
      items.push_back(publisher.to_json(services.issuers));
    }
    return {};
  });
  return read ? http::json(200, items) : http::failure(read.error());
}

/// The array that npm posts; a bare object is taken too.
Result<std::vector<trust::PublisherRequest>> parse_requests(RegistryServices& services,
                                                            const std::string& body) {
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(body, error);
  if (error || !(document.is_array() || document.is_object())) {
    return refuse(trust::TrustRefusal::invalid_publisher,
                  "Invalid trusted publisher configuration: the body must be a JSON array of "
                  "configurations.");
  }
  return read_publisher_requests(services, document.is_array()
                                               ? document.as_array()
                                               : boost::json::array{document.as_object()});
}

http::Response create(RegistryServices& services, const http::Request& request) {
  const auto name = addressed_package(request);
  if (!name) return http::failure(name.error());
  // What is wrong with the configuration is said before a code is asked for and used up.
  const auto requests = parse_requests(services, request.body);
  const auto governed = requests ? govern(services, request, "trust.create")
                                 : std::expected<Governed, http::Response>(
                                       std::unexpected(http::failure(requests.error())));
  if (!governed) return governed.error();

  const auto created = add_publishers(services, governed->requester, governed->name, *requests);
  if (!created) {
    return refused(services, &governed->requester, "trust.create",
                   "package:" + governed->name.text(), created.error());
  }
  boost::json::array items;
  for (const auto& publisher : *created) items.push_back(publisher.to_json(services.issuers));
  return http::json(200, items);
}

http::Response revoke(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request, "trust.revoke");
  if (!governed) return governed.error();
  const auto removed =
      remove_publisher(services, governed->requester, governed->name, request.param("id"));
  if (removed) return http::no_content();
  return refused(services, &governed->requester, "trust.revoke", "package:" + governed->name.text(),
                 removed.error());
}

}  // namespace

void add_trust_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  router.add(http::Method::get, "/-/package/{package}/trust", bind(list));
  router.add(http::Method::post, "/-/package/{package}/trust", bind(create));
  router.add(http::Method::del, "/-/package/{package}/trust/{id}", bind(revoke));
}

}  // namespace imp::registry
