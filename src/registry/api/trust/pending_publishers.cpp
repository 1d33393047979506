#include "registry/api/trust/pending_publishers.h"

#include <boost/json.hpp>

#include "audit/record.h"
#include "registry/api/news/publisher_news.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

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
        record_publisher_ending(session, services.issuers, one, by_itself(now));
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

void settle_pending_publishers(db::Session& session, const RegistryServices& services,
                               const Requester& requester, const Package& package, Time now) {
  const auto& token = requester.publish_token();
  const auto settled =
      trust::settle_pending(session, package, token ? token->publisher_id : std::string(), now);
  for (const trust::TrustedPublisher& one : settled.kept) {
    record_publisher_news(session, services.issuers, kPublisherAdopted, one,
                          requester.audit_record("", "", now));
  }
  for (const trust::TrustedPublisher& one : settled.ended) {
    record_publisher_end(session, services.issuers, one, trust::EndReason::name_taken,
                         requester.audit_record("", "", now));
  }
}

void end_pending_of_member(db::Session& session, const RegistryServices& services,
                           const accounts::Organization& organization,
                           const accounts::Person& person, const accounts::Actor& actor, Time now) {
  for (const trust::TrustedPublisher& one :
       trust::end_pending_of(session, person.name, organization.name, now)) {
    audit::Record record;
    record.at = now;
    record.actor = actor.is_system() ? "system" : "user:" + actor.name;
    record.request_id = actor.request_id;
    record.remote_address = actor.address;
    record_publisher_end(session, services.issuers, one, trust::EndReason::maker_left,
                         std::move(record));
  }
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
        record_publisher_end(session, services.issuers, one.publisher, one.reason, by_itself(now));
      }
      return {};
    });
    if (!done) return done;
  }
}

}  // namespace imp::registry
