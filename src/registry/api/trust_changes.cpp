#include "registry/api/trust_changes.h"

#include <boost/json.hpp>

#include "audit/log.h"
#include "registry/api/hook_events.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

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

Result<Package> still_administered(db::Session& session, const Requester& requester,
                                   const PackageName& name, Time now) {
  const auto rights = requester.rights_now(session, now);
  if (!rights) return pass_on(rights);
  return administered(session, name, *rights);
}

void record(db::Session& session, RegistryServices& services, const Requester& requester,
            std::string_view action, const Package& package,
            const trust::TrustedPublisher& publisher, Time now) {
  const bool added = action == "trust.create";
  tell_hooks(session, package.name, added ? "publisher.added" : "publisher.removed",
             {{"publisher", publisher.to_json(services.issuers)}, {"by", requester.audit_actor()}},
             now);
  audit::Record record = requester.audit_record(action, "package:" + package.name, now);
  record.organization = package.owner;
  record.detail["publisher"] = publisher.to_json(services.issuers);
  audit::append(session, record);
}

}  // namespace

Result<Package> governed_in(db::Session& session, const PackageName& name, const Caller& rights) {
  return administered(session, name, rights);
}

Result<trust::TrustedPublisher> add_publisher_in(db::Session& session, RegistryServices& services,
                                                 const Requester& requester, const Package& package,
                                                 const trust::PublisherRequest& request, Time now) {
  auto added = trust::add_publisher(session, package.id, request, requester.rights().person, now);
  if (added) record(session, services, requester, "trust.create", package, *added, now);
  return added;
}

Result<trust::TrustedPublisher> remove_publisher_in(db::Session& session,
                                                    RegistryServices& services,
                                                    const Requester& requester,
                                                    const Package& package, std::string_view id,
                                                    Time now) {
  auto removed = trust::remove_publisher(session, package.id, id, now);
  if (removed) record(session, services, requester, "trust.revoke", package, *removed, now);
  return removed;
}

Result<Package> governed_package(RegistryServices& services, const Requester& requester,
                                 const PackageName& name) {
  if (const auto allowed = requester.may_govern(); !allowed) return pass_on(allowed);
  return services.database.read(
      [&](db::Session& session) { return administered(session, name, requester.rights()); });
}

Result<void> refresh_issuers(const RegistryServices& services) {
  return services.database.read([&](db::Session& session) -> Result<void> {
    services.issuers.refresh(session);
    return {};
  });
}

Result<std::vector<trust::PublisherRequest>> read_publisher_requests(
    RegistryServices& services, const boost::json::array& items) {
  if (items.empty() || items.size() > trust::kMaxPublishers) {
    return refuse(trust::TrustRefusal::invalid_publisher,
                  fmt::format("Invalid trusted publisher configuration: send 1 to {} of them.",
                              trust::kMaxPublishers));
  }
  if (const auto refreshed = refresh_issuers(services); !refreshed) return pass_on(refreshed);
  const auto speaks = [&](const std::string& id, const trust::Provider& provider) {
    const auto issuer = services.issuers.by_id(id);
    return issuer && &trust::provider_of(issuer->kind) == &provider;
  };
  const auto default_issuer = [&](const trust::Provider& provider, const std::string& tenant) {
    if (speaks(services.own_issuer, provider) && services.accounts.organizations.by_id(tenant)) {
      return services.own_issuer;
    }
    const std::string first = services.issuers.first_of(provider);
    const auto issuer = services.issuers.by_id(first);
    const bool chosen = issuer && issuer->preferred;
    return !chosen && speaks(services.default_issuer, provider) ? services.default_issuer : first;
  };
  std::vector<trust::PublisherRequest> requests;
  for (const boost::json::value& item : items) {
    auto parsed = trust::PublisherRequest::parse(item, services.issuers, default_issuer);
    if (!parsed) return pass_on(parsed);
    requests.push_back(std::move(*parsed));
  }
  return requests;
}

Result<std::vector<trust::TrustedPublisher>> add_publishers(
    RegistryServices& services, const Requester& requester, const PackageName& name,
    const std::vector<trust::PublisherRequest>& requests) {
  using Publishers = std::vector<trust::TrustedPublisher>;
  return services.database.write([&](db::Session& session) -> Result<Publishers> {
    const Time now = services.clock.now();
    const auto package = still_administered(session, requester, name, now);
    if (!package) return pass_on(package);
    Publishers created;
    for (const trust::PublisherRequest& item : requests) {
      auto publisher = add_publisher_in(session, services, requester, *package, item, now);
      if (!publisher) return pass_on(publisher);
      created.push_back(std::move(*publisher));
    }
    return created;
  });
}

Result<trust::TrustedPublisher> remove_publisher(RegistryServices& services,
                                                 const Requester& requester,
                                                 const PackageName& name,
                                                 std::string_view publisher_id) {
  return services.database.write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
    const Time now = services.clock.now();
    const auto package = still_administered(session, requester, name, now);
    if (!package) return pass_on(package);
    return remove_publisher_in(session, services, requester, *package, publisher_id, now);
  });
}

}  // namespace imp::registry
