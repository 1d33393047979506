#include "registry/api/trust/pending_publishers.h"

#include <boost/json.hpp>

#include "audit/log.h"
#include "registry/api/news/publisher_news.h"
#include "registry/api/news/told_people.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

constexpr std::string_view kEnd = "trust.publisher_end";
constexpr std::string_view kEnding = "trust.publisher_ending";

/// "package:…" or "organization:…", and whose administrators see it.
void add_subject(db::Session& session, audit::Record& record,
                 const trust::TrustedPublisher& publisher) {
  const std::string& place = publisher.package_id;
  switch (trust::place_kind(place)) {
    case trust::PlaceKind::scope: {
      record.organization = place.substr(trust::scope_place("").size());
      const auto organization = accounts::find_organization(session, *record.organization);
      record.subject = "organization:" + (organization ? organization->name : "");
      return;
    }
    case trust::PlaceKind::pending:
      record.subject = "package:" + std::string(trust::pending_name(place));
      if (const auto read = PackageName::for_read(trust::pending_name(place)); read) {
        record.organization = scope_owner(session, *read);
      }
      return;
    case trust::PlaceKind::package:
      if (const auto package = find_package_by_id(session, place)) {
        record.subject = "package:" + package->name;
        record.organization = package->owner;
      }
      return;
  }
}

/// Appends the record of what happened to a publisher by itself, and tells whom it concerns.
void record_and_tell(db::Session& session, audit::Record record, std::string_view action,
                     const trust::TrustedPublisher& publisher) {
  record.action = action;
  record.outcome = "granted";
  add_subject(session, record, publisher);
  record.detail["publisher"] = publisher.id;
  record.detail["made_by"] = publisher.created_by;
  record.detail["type"] = publisher.type;
  record.detail["claims"] = publisher.claims.to_json();
  audit::append(session, record);
  if (trust::place_kind(publisher.package_id) == trust::PlaceKind::pending) {
    // Whoever has the name by now need not know what others prepared for it.
    tell_people(session, record, {publisher.created_by});
  } else {
    tell_governors(session, record, {publisher.created_by});
  }
}

void record_end(db::Session& session, audit::Record record,
                const trust::TrustedPublisher& publisher, trust::EndReason reason) {
  record.detail["because"] = trust::word(reason);
  record.detail["text"] = trust::text(reason);
  record_and_tell(session, std::move(record), kEnd, publisher);
}

audit::Record by_itself(Time now) {
  audit::Record record;
  record.at = now;
  record.actor = "system";
  return record;
}

Result<void> warn_of_ends(RegistryServices& services) {
  constexpr std::int64_t kAtOnce = 100;
  while (true) {
    const auto due = services.database.read([&](db::Session& session) -> Result<bool> {
      return !trust::ending_soon(session, services.clock.now(), 1).empty();
    });
    if (!due) return pass_on(due);
    if (!*due) return {};
    const auto done = services.database.write([&](db::Session& session) -> Result<void> {
      const Time now = services.clock.now();
      for (const trust::TrustedPublisher& one : trust::ending_soon(session, now, kAtOnce)) {
        trust::mark_warned(session, one.id, now);
        audit::Record record = by_itself(now);
        record.detail["ends_at"] = iso8601(*one.ends_at);
        record_and_tell(session, std::move(record), kEnding, one);
        tell_publisher_hooks(session, services, one, "publisher.ending", {{"by", "system"}}, now);
      }
      return {};
    });
    if (!done) return done;
  }
}

}  // namespace

Result<std::optional<trust::Creation>> creation_by(db::Session& session,
                                                   const trust::PublishToken& token,
                                                   const PackageName& name) {
  if (trust::place_kind(token.package_id) == trust::PlaceKind::package ||
      find_package(session, name.text())) {
    return std::nullopt;
  }
  const auto publisher = trust::publisher_by_id(session, token.publisher_id);
  if (!publisher) return std::nullopt;
  auto creation = trust::may_create_package(session, *publisher, name);
  if (!creation) return pass_on(creation);
  return std::move(*creation);
}

void settle_pending_publishers(db::Session& session, const Requester& requester,
                               const Package& package, Time now) {
  const auto& token = requester.publish_token();
  const auto settled =
      trust::settle_pending(session, package, token ? token->publisher_id : std::string(), now);
  for (const trust::TrustedPublisher& one : settled.kept) {
    audit::Record record =
        requester.audit_record("trust.publisher_adopt", "package:" + package.name, now);
    record.organization = package.owner;
    record.detail["publisher"] = one.id;
    record.detail["made_by"] = one.created_by;
    audit::append(session, record);
    tell_governors(session, record, {one.created_by});
  }
  for (const trust::TrustedPublisher& one : settled.ended) {
    record_end(session, requester.audit_record(kEnd, "", now), one, trust::EndReason::name_taken);
  }
}

void end_pending_of_member(db::Session& session, const accounts::Organization& organization,
                           const accounts::Person& person, const accounts::Actor& actor, Time now) {
  for (const trust::TrustedPublisher& one :
       trust::end_pending_of(session, person.name, organization.name, now)) {
    audit::Record record;
    record.at = now;
    record.actor = actor.is_system() ? "system" : "user:" + actor.name;
    record.request_id = actor.request_id;
    record.remote_address = actor.address;
    record_end(session, std::move(record), one, trust::EndReason::maker_left);
  }
}

void record_publisher_end(db::Session& session, audit::Record record,
                          const trust::TrustedPublisher& publisher, trust::EndReason reason) {
  record_end(session, std::move(record), publisher, reason);
}

Result<Prepared> prepared_by(RegistryServices& services, const Requester& requester) {
  if (const auto allowed = requester.may_govern(); !allowed) return pass_on(allowed);
  const std::string& person = requester.rights().person;
  return services.database.read([&](db::Session& session) -> Result<Prepared> {
    Prepared prepared{trust::pending_of(session, person), {}};
    for (trust::EndedPublisher& one : trust::ended_of_person(session, person)) {
      if (trust::place_kind(one.publisher.package_id) == trust::PlaceKind::pending) {
        prepared.ended.push_back(std::move(one));
      }
    }
    return prepared;
  });
}

Result<void> expire_publishers(RegistryServices& services) {
  if (const auto warned = warn_of_ends(services); !warned) return warned;
  constexpr std::int64_t kAtOnce = 100;  // so that a publish need not wait for all of them
  while (true) {
    const auto due = services.database.read([&](db::Session& session) -> Result<bool> {
      return trust::any_expired_publisher(session, services.clock.now());
    });
    if (!due) return pass_on(due);
    if (!*due) return {};
    const auto done = services.database.write([&](db::Session& session) -> Result<void> {
      const Time now = services.clock.now();
      for (const trust::EndedPublisher& one : trust::end_expired(session, now, kAtOnce)) {
        record_end(session, by_itself(now), one.publisher, one.reason);
        tell_publisher_hooks(session, services, one.publisher, "publisher.ended",
                             {{"by", "system"}, {"reason", trust::word(one.reason)}}, now);
      }
      return {};
    });
    if (!done) return done;
  }
}

}  // namespace imp::registry
