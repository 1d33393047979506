#include "registry/api/trust/departures.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <set>

#include "audit/log.h"
#include "hooks/hook.h"
#include "registry/api/news/hook_pause.h"
#include "registry/api/news/publisher_news.h"
#include "registry/api/staging/stage_state.h"
#include "registry/packages/store.h"
#include "registry/trust/publisher_end.h"

namespace imp::registry {

namespace {

bool administers(db::Session& session, const std::string& organization, const std::string& person) {
  return std::ranges::any_of(
      approval_rights(session, organization).caller(person).organizations,
      [&](const Membership& one) { return one.organization == organization && one.admin; });
}

bool governs(db::Session& session, const Package& package, const std::string& person) {
  return may_administer(approval_rights(session, package.owner).caller(person),
                        access_of(session, package));
}

/// One that is to be kept by somebody else than its maker.
void let_go(db::Session& session, const RegistryServices& services, trust::TrustedPublisher one,
            const audit::Record& record, Time now) {
  if (one.left_until) return;
  const auto left = trust::let_go(session, std::move(one), now);
  record_publisher_ending(session, services.issuers, left, record);
}

/// Those of a package whose makers may not govern it any more, or only those of one maker.
void let_go(db::Session& session, const RegistryServices& services, const Package& package,
            const audit::Record& record, const std::optional<std::string>& maker, Time now) {
  for (trust::TrustedPublisher& one : trust::publishers_of(session, package.id)) {
    if (one.created_by != maker.value_or(one.created_by) ||
        governs(session, package, one.created_by)) {
      continue;
    }
    let_go(session, services, std::move(one), record, now);
  }
}

/// What somebody's membership has to do with, as a record of the log begins.
audit::Record news_of(const accounts::Organization& organization, const accounts::Actor& actor,
                      Time now) {
  audit::Record record;
  record.at = now;
  record.actor = actor.is_system() ? "system" : "user:" + actor.name;
  record.organization = organization.id;
  record.request_id = actor.request_id;
  record.remote_address = actor.address;
  return record;
}

/// Their webhooks of the organisation and of its packages, where they may not govern them any more.
void pause_hooks(db::Session& session, const accounts::Organization& organization,
                 const accounts::Person& person, audit::Record record) {
  for (const hooks::Hook& hook : hooks::hooks_made_by(session, person.name)) {
    if (!hook.paused.empty()) continue;
    if (hook.target.kind == hooks::Target::Kind::organization) {
      if (hook.target.id != organization.id) continue;
      record.subject = "organization:" + organization.name;
    } else {
      const auto package = find_package(session, hook.target.id);
      if (!package || package->owner != organization.id) continue;
      if (governs(session, *package, person.name)) continue;
      record.subject = "package:" + package->name;
    }
    pause_hook(session, hook, author_may_not(hook), record);
  }
}

/// Their publishers of the organisation's packages, where they may not govern these any more.
void let_go_of_packages(db::Session& session, const RegistryServices& services,
                        const accounts::Organization& organization, const accounts::Person& person,
                        const audit::Record& record, Time now) {
  std::set<std::string> places;
  for (const trust::TrustedPublisher& one : trust::publishers_made_by(session, person.name)) {
    places.insert(one.package_id);
  }
  for (const std::string& place : places) {
    if (trust::place_kind(place) != trust::PlaceKind::package) continue;
    const auto package = find_package_by_id(session, place);
    if (!package || package->owner != organization.id) continue;
    let_go(session, services, *package, record, person.name, now);
  }
}

}  // namespace

void settle_new_owners(db::Session& session, const RegistryServices& services,
                       const Requester& requester, const Package& package, Time now) {
  for (const hooks::Hook& hook :
       hooks::hooks_of(session, {hooks::Target::Kind::package, package.name})) {
    if (!hook.paused.empty() || governs(session, package, hook.created_by)) continue;
    audit::Record record = requester.audit_record("hook.pause", "package:" + package.name, now);
    record.organization = package.owner;
    pause_hook(session, hook, author_may_not(hook), std::move(record));
  }
  const audit::Record news = requester.audit_record("", "", now);
  if (package.owner || maintained_since(session, package.id, now - kTakenOver)) {
    return let_go(session, services, package, news, std::nullopt, now);
  }
  const auto maintainers = maintainers_of(session, package.id);
  for (const trust::TrustedPublisher& one : trust::publishers_of(session, package.id)) {
    if (std::ranges::find(maintainers, one.created_by, &Person::name) != maintainers.end()) {
      continue;
    }
    trust::end_publisher(session, one, trust::EndReason::transferred, now);
    record_publisher_end(session, services.issuers, one, trust::EndReason::transferred, news);
  }
}

void settle_departure(db::Session& session, const RegistryServices& services,
                      const accounts::Organization& organization, const accounts::Person& person,
                      const accounts::Actor& actor, Time now) {
  const audit::Record record = news_of(organization, actor, now);
  pause_hooks(session, organization, person, record);
  for (const trust::TrustedPublisher& one :
       trust::publishers_of(session, trust::scope_place(organization.id))) {
    if (one.created_by != person.name) continue;
    trust::end_publisher(session, one, trust::EndReason::maker_left, now);
    record_publisher_end(session, services.issuers, one, trust::EndReason::maker_left, record);
  }
  let_go_of_packages(session, services, organization, person, record, now);
}

void settle_demotion(db::Session& session, const RegistryServices& services,
                     const accounts::Organization& organization, const accounts::Person& person,
                     const accounts::Actor& actor, Time now) {
  const audit::Record record = news_of(organization, actor, now);
  pause_hooks(session, organization, person, record);
  for (trust::TrustedPublisher& one :
       trust::publishers_of(session, trust::scope_place(organization.id))) {
    if (one.created_by != person.name) continue;
    let_go(session, services, std::move(one), record, now);
  }
  let_go_of_packages(session, services, organization, person, record, now);
}

bool maker_left(db::Session& session, const TrustPlace& place,
                const trust::TrustedPublisher& publisher) {
  if (publisher.left_until) return true;
  switch (place.kind) {
    case trust::PlaceKind::pending:
      return false;
    case trust::PlaceKind::scope:
      return !place.organization ||
             !administers(session, *place.organization, publisher.created_by);
    case trust::PlaceKind::package: {
      const auto package = find_package_by_id(session, place.place);
      return !package || !governs(session, *package, publisher.created_by);
    }
  }
  return false;
}

}  // namespace imp::registry
