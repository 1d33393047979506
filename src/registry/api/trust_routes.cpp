#include <boost/json.hpp>

#include "audit/log.h"
#include "http/response.h"
#include "jose/strict_json.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"
#include "registry/trust/publisher.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

/// A request about a package's trusted publishers by somebody who governs it.
struct Governed {
  PackageName name;
  Requester requester;
  std::string package_id;
};

Result<Package> administered(db::Session& session, const PackageName& name, const Caller& caller) {
  const auto package = find_package(session, name.text());
  const auto access = package ? std::optional(access_of(session, *package)) : std::nullopt;
  if (!access || !may_read(caller, *access)) {
    return refuse(
        PackageRefusal::package_not_found,
        fmt::format("Package not found: {}. A trusted publisher belongs to a package that exists; "
                    "publish its first version by hand.",
                    name.text()));
  }
  if (!may_administer(caller, *access)) {
    return refuse(PackageRefusal::not_permitted,
                  "Insufficient permissions to access trusted publisher configurations for this "
                  "package: only "
                  "its maintainers and the admins of its organisation may.");
  }
  return *package;
}

/// Everything that must hold before trust is shown or changed: a person, their right, their second
/// factor. npm asks for the factor even to list.
std::expected<Governed, http::Response> govern(RegistryServices& services,
                                               const http::Request& request, std::string action) {
  const auto name = addressed_package(request);
  if (!name) return std::unexpected(http::failure(name.error()));
  const std::string subject = "package:" + name->text();
  auto requester = Requester::identify(services, request);
  if (!requester)
    return std::unexpected(refused(services, nullptr, action, subject, request, requester.error()));
  const auto denied = [&](const Failure& failure) {
    return std::unexpected(refused(services, &*requester, action, subject, request, failure));
  };
  if (const auto allowed = requester->may_govern(); !allowed) return denied(allowed.error());
  const auto package = services.database.read(
      [&](db::Session& session) { return administered(session, *name, requester->rights()); });
  if (!package) return denied(package.error());
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
  const boost::json::array items =
      document.is_array() ? document.as_array() : boost::json::array{document.as_object()};
  if (items.empty() || items.size() > trust::kMaxPublishers) {
    return refuse(trust::TrustRefusal::invalid_publisher,
                  fmt::format("Invalid trusted publisher configuration: send 1 to {} of them.",
                              trust::kMaxPublishers));
  }
  const auto default_issuer = [&](const std::string& organization_id) {
    const bool own =
        !services.own_issuer.empty() && services.accounts.organizations.by_id(organization_id);
    return own ? services.own_issuer : services.default_issuer;
  };
  std::vector<trust::PublisherRequest> requests;
  for (const boost::json::value& item : items) {
    auto parsed = trust::PublisherRequest::parse(item, services.issuers, default_issuer);
    if (!parsed) return pass_on(parsed);
    requests.push_back(std::move(*parsed));
  }
  return requests;
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

  boost::json::array created;
  const auto written = services.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    // Asked again: the right may have gone while the code was typed.
    const auto package = administered(session, governed->name, governed->requester.rights());
    if (!package) return pass_on(package);
    for (const trust::PublisherRequest& item : *requests) {
      const auto publisher = trust::add_publisher(session, package->id, item,
                                                  governed->requester.rights().person, now);
      if (!publisher) return pass_on(publisher);
      created.push_back(publisher->to_json(services.issuers));
      audit::Record record =
          governed->requester.audit_record("trust.create", "package:" + governed->name.text(), now);
      record.detail["publisher"] = publisher->to_json(services.issuers);
      audit::append(session, record);
    }
    return {};
  });
  if (!written) {
    return refused(services, &governed->requester, "trust.create",
                   "package:" + governed->name.text(), request, written.error());
  }
  return http::json(200, created);
}

http::Response revoke(RegistryServices& services, const http::Request& request) {
  const auto governed = govern(services, request, "trust.revoke");
  if (!governed) return governed.error();
  const auto written = services.database.write([&](db::Session& session) -> Result<void> {
    const Time now = services.clock.now();
    const auto package = administered(session, governed->name, governed->requester.rights());
    if (!package) return pass_on(package);
    const auto removed = trust::remove_publisher(session, package->id, request.param("id"), now);
    if (!removed) return pass_on(removed);
    audit::Record record =
        governed->requester.audit_record("trust.revoke", "package:" + governed->name.text(), now);
    record.detail["publisher"] = removed->to_json(services.issuers);
    audit::append(session, record);
    return {};
  });
  if (written) return http::no_content();
  return refused(services, &governed->requester, "trust.revoke", "package:" + governed->name.text(),
                 request, written.error());
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
