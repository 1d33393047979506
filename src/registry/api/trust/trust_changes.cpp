#include "registry/api/trust/trust_changes.h"

#include <algorithm>
#include <boost/json.hpp>

#include "audit/log.h"
#include "registry/api/news/publisher_news.h"
#include "registry/api/news/told_people.h"
#include "registry/api/trust/pending_room.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"
#include "registry/trust/refusal.h"

namespace imp::registry {

namespace {

Result<Package> administered(db::Session& session, const PackageName& name, const Caller& caller) {
  const auto package = find_package(session, name.text());
  const auto access = package ? std::optional(access_of(session, *package)) : std::nullopt;
  if (!access || !may_read(caller, *access)) {
    return refuse(PackageRefusal::package_not_found,
                  fmt::format("Package not found: {}.", name.text()));
  }
  if (!may_administer(caller, *access)) {
    return refuse(PackageRefusal::not_permitted,
                  "Insufficient permissions to access trusted publisher configurations for this "
                  "package: only "
                  "its maintainers and the admins of its organisation may.");
  }
  return *package;
}

Result<TrustPlace> still_governed(db::Session& session, const Requester& requester,
                                  const TrustTarget& target, Time now) {
  const auto rights = requester.rights_now(session, now);
  if (!rights) return pass_on(rights);
  return governed_place(session, *rights, target);
}

/// What is done to a publisher, for the audit log and for webhooks.
struct Act {
  std::string_view action, event;
};
constexpr Act kCreate{"trust.create", "publisher.added"};
constexpr Act kChange{"trust.change", "publisher.changed"};
constexpr Act kRevoke{"trust.revoke", "publisher.removed"};

void record(db::Session& session, RegistryServices& services, const Requester& requester,
            const Act& act, const TrustTarget& target, const TrustPlace& place,
            const trust::TrustedPublisher& publisher, Time now,
            const trust::TrustedPublisher* before = nullptr) {
  tell_publisher_hooks(session, services.issuers, publisher, act.event,
                       {{"by", requester.audit_actor()}}, now);
  audit::Record record = requester.audit_record(act.action, subject_of(target), now);
  record.organization = place.organization;
  record.detail["publisher"] = publisher.to_json(services.issuers);
  if (before) record.detail["before"] = before->to_json(services.issuers);
  audit::append(session, record);
  tell_governors(session, record, {publisher.created_by});
}

trust::PublisherTimes times_at(const RegistryServices& services, const TrustPlace& place,
                               Time now) {
  return services.publisher_rules.times(now, place.kind == trust::PlaceKind::pending);
}

}  // namespace

Result<trust::TrustedPublisher> add_publisher_in(db::Session& session, RegistryServices& services,
                                                 const Requester& requester,
                                                 const TrustTarget& target, const TrustPlace& place,
                                                 const trust::PublisherRequest& request, Time now) {
  auto added = trust::add_publisher(session, place.place, request, requester.rights().person, now,
                                    times_at(services, place, now));
  if (added) record(session, services, requester, kCreate, target, place, *added, now);
  return added;
}

trust::TrustedPublisher change_publisher_in(db::Session& session, RegistryServices& services,
                                            const Requester& requester, const TrustTarget& target,
                                            const TrustPlace& place,
                                            const trust::PublisherChange& change, Time now) {
  auto changed =
      trust::change_publisher(session, change.from, change.to, now, times_at(services, place, now));
  record(session, services, requester, kChange, target, place, changed, now, &change.from);
  return changed;
}

Result<trust::TrustedPublisher> remove_publisher_in(
    db::Session& session, RegistryServices& services, const Requester& requester,
    const TrustTarget& target, const TrustPlace& place, std::string_view id, Time now) {
  auto removed = trust::remove_publisher(session, place.place, id, now);
  if (removed) record(session, services, requester, kRevoke, target, place, *removed, now);
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
  const auto default_issuer = [&](const trust::Provider& provider, const std::string& tenant) {
    if (services.issuers.speaks(services.own_issuer, provider) &&
        services.accounts.organizations.by_id(tenant)) {
      return services.own_issuer;
    }
    const std::string first = services.issuers.first_of(provider);
    const auto issuer = services.issuers.by_id(first);
    const bool chosen = issuer && issuer->preferred;
    return !chosen && services.issuers.speaks(services.default_issuer, provider)
               ? services.default_issuer
               : first;
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
    RegistryServices& services, const Requester& requester, const TrustTarget& target,
    const std::vector<trust::PublisherRequest>& requests) {
  using Publishers = std::vector<trust::TrustedPublisher>;
  return services.database.write([&](db::Session& session) -> Result<Publishers> {
    const Time now = services.clock.now();
    const auto place = still_governed(session, requester, target, now);
    if (!place) return pass_on(place);
    if (place->kind == trust::PlaceKind::pending) {
      const auto room = PendingRoom(requester.rights().person).take(session, requests.size());
      if (!room) return pass_on(room);
    }
    Publishers created;
    for (const trust::PublisherRequest& item : requests) {
      auto publisher = add_publisher_in(session, services, requester, target, *place, item, now);
      if (!publisher) return pass_on(publisher);
      created.push_back(std::move(*publisher));
    }
    return created;
  });
}

Result<trust::TrustedPublisher> remove_publisher(RegistryServices& services,
                                                 const Requester& requester,
                                                 const TrustTarget& target,
                                                 std::string_view publisher_id) {
  return services.database.write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
    const Time now = services.clock.now();
    const auto place = still_governed(session, requester, target, now);
    if (!place) return pass_on(place);
    // What others prepared is, to who may not see it, not there.
    const auto own = publishers_at(session, *place, requester.rights());
    const bool seen =
        std::ranges::find(own, publisher_id, &trust::TrustedPublisher::id) != own.end();
    auto removed =
        trust::remove_publisher(session, seen ? place->place : std::string(), publisher_id, now);
    if (removed) {
      record(session, services, requester, kRevoke, target, *place, *removed, now);
    }
    return removed;
  });
}

}  // namespace imp::registry
