#include "registry/trust/publisher_end.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "registry/trust/publisher_place.h"
#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

constexpr std::array kReasons = {EndReason::unused,      EndReason::pending_over,
                                 EndReason::name_taken,  EndReason::maker_left,
                                 EndReason::transferred, EndReason::not_kept};

constexpr std::string_view kColumns =
    "SELECT id, package_id, issuer_id, type, claims, permissions, created_by, created_at, "
    "last_used_at, learnt, tenant_claim, ends_at, usable_from, NULL, ended_at, reason "
    "FROM ended_publisher ";

EndedPublisher from_row(const db::Row& row) {
  EndedPublisher ended;
  ended.publisher = publisher_from_row(row);
  ended.ended_at = from_milliseconds(row.integer(14));
  for (const EndReason reason : kReasons) {
    if (word(reason) == row.text(15)) ended.reason = reason;
  }
  return ended;
}

/// Why a publisher ends whose time is over.
EndReason reason_at(const TrustedPublisher& publisher, Time now) {
  if (publisher.left_until && now >= *publisher.left_until) return EndReason::not_kept;
  return place_kind(publisher.package_id) == PlaceKind::pending ? EndReason::pending_over
                                                                : EndReason::unused;
}

std::vector<EndedPublisher> ended(db::Session& session, std::string_view where,
                                  std::string_view value) {
  std::vector<EndedPublisher> found;
  for (const db::Row& row :
       session.rows(std::string(kColumns) + std::string(where) + " ORDER BY ended_at DESC, id",
                    {std::string(value)})) {
    found.push_back(from_row(row));
  }
  return found;
}

}  // namespace

std::string_view word(EndReason reason) {
  switch (reason) {
    case EndReason::unused:
      return "unused";
    case EndReason::pending_over:
      return "pending_over";
    case EndReason::name_taken:
      return "name_taken";
    case EndReason::maker_left:
      return "maker_left";
    case EndReason::transferred:
      return "transferred";
    case EndReason::not_kept:
      return "not_kept";
  }
  return "";
}

std::string_view text(EndReason reason) {
  switch (reason) {
    case EndReason::unused:
      return "was never used to publish in the time that it had";
    case EndReason::pending_over:
      return "was not used in the 30 days that the name had to be published";
    case EndReason::name_taken:
      return "waited for a name that somebody else has published";
    case EndReason::maker_left:
      return "was made by somebody who has left the organisation";
    case EndReason::transferred:
      return "belonged to people who have given the package away";
    case EndReason::not_kept:
      return "was made by somebody who may not decide about it any more, and nobody has kept it";
  }
  return "";
}

PublisherTimes PublisherRules::times(Time now, bool pending) const {
  PublisherTimes times;
  if (cool_down > Milliseconds{0}) times.usable_from = now + cool_down;
  // Its time begins when it may be used.
  const Time from = times.usable_from.value_or(now);
  if (pending) {
    times.ends_at = now + std::max(kPendingLife, cool_down + std::chrono::days(1));
  } else if (unused_life > Milliseconds{0}) {
    times.ends_at = from + unused_life;
  }
  return times;
}

Result<void> usable(const TrustedPublisher& publisher, Time now) {
  if (const auto end = publisher.end(); end && now >= *end) {
    return refuse(TrustRefusal::publisher_expired,
                  fmt::format("The trusted publisher that matches this token {}: it ended at {}. "
                              "Add it again.",
                              text(reason_at(publisher, now)), time_text(*end)));
  }
  if (publisher.usable_from && now < *publisher.usable_from) {
    return refuse(TrustRefusal::publisher_cooling_down,
                  fmt::format("The trusted publisher that matches this token, which was made at "
                              "{}, can be used from {} on: this registry lets those that are new, "
                              "or may do more than before, cool down.",
                              time_text(publisher.created_at), time_text(*publisher.usable_from)));
  }
  return {};
}

void end_publisher(db::Session& session, const TrustedPublisher& publisher, EndReason reason,
                   Time now) {
  session.run(
      "INSERT INTO ended_publisher (id, package_id, issuer_id, organization_id, type, claims, "
      "permissions, created_by, created_at, last_used_at, learnt, tenant_claim, ends_at, "
      "usable_from, ended_at, reason) SELECT id, package_id, issuer_id, organization_id, type, "
      "claims, permissions, created_by, created_at, last_used_at, learnt, tenant_claim, ends_at, "
      "usable_from, :p2, :p3 FROM trusted_publisher WHERE id = :p1",
      {publisher.id, to_milliseconds(now), std::string(word(reason))});
  delete_publisher(session, publisher.id, now);
}

TrustedPublisher let_go(db::Session& session, TrustedPublisher publisher, Time now) {
  if (publisher.left_until) return publisher;
  publisher.left_until = now + kLeftLife;
  session.run(
      "UPDATE trusted_publisher SET left_until = :p2, warned_at = NULL WHERE id = :p1 AND "
      "left_until IS NULL",
      {publisher.id, to_milliseconds(*publisher.left_until)});
  return publisher;
}

void forget_ended_like(db::Session& session, const TrustedPublisher& publisher) {
  session.run(
      "DELETE FROM ended_publisher WHERE package_id = :p1 AND issuer_id = :p2 AND claims = :p3 AND "
      "(created_by = :p4 OR package_id NOT LIKE 'name:%')",
      {publisher.package_id, publisher.issuer_id,
       boost::json::serialize(publisher.claims.to_json()), publisher.created_by});
}

std::vector<EndedPublisher> end_expired(db::Session& session, Time now, std::int64_t limit) {
  std::vector<EndedPublisher> expired;
  for (TrustedPublisher& one : publishers_ending_by(session, now, limit)) {
    const EndReason reason = reason_at(one, now);
    end_publisher(session, one, reason, now);
    expired.push_back({std::move(one), now, reason});
  }
  session.run("DELETE FROM ended_publisher WHERE ended_at < :p1",
              {to_milliseconds(now - kEndedKept)});
  return expired;
}

bool any_expired_publisher(db::Session& session, Time now) {
  return !publishers_ending_by(session, now, 1).empty() ||
         session
             .row("SELECT 1 FROM ended_publisher WHERE ended_at < :p1 LIMIT 1",
                  {to_milliseconds(now - kEndedKept)})
             .has_value();
}

std::vector<TrustedPublisher> ending_soon(db::Session& session, Time now, std::int64_t limit) {
  // A life begins when the publisher may be used.
  return publishers_where(session,
                          "WHERE warned_at IS NULL AND ((ends_at > :p1 AND ends_at <= :p2 AND "
                          "(ends_at - COALESCE(usable_from, created_at) >= :p3 OR "
                          "ends_at + COALESCE(usable_from, created_at) <= :p4)) OR "
                          "(left_until > :p5 AND left_until <= :p6)) ORDER BY id LIMIT :p7",
                          {to_milliseconds(now), to_milliseconds(now + kWarnedBefore),
                           std::int64_t{2 * kWarnedBefore.count()}, 2 * to_milliseconds(now),
                           to_milliseconds(now), to_milliseconds(now + kWarnedBefore), limit});
}

void mark_warned(db::Session& session, std::string_view publisher_id, Time now) {
  session.run("UPDATE trusted_publisher SET warned_at = :p1 WHERE id = :p2",
              {to_milliseconds(now), std::string(publisher_id)});
}

std::vector<EndedPublisher> ended_of_place(db::Session& session, std::string_view place) {
  return ended(session, "WHERE package_id = :p1", place);
}

std::optional<EndedPublisher> ended_by_id(db::Session& session, std::string_view id) {
  auto found = ended(session, "WHERE id = :p1", id);
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<EndedPublisher> ended_of_person(db::Session& session, std::string_view person) {
  return ended(session, "WHERE created_by = :p1", person);
}

std::vector<EndedPublisher> ended_for(db::Session& session, std::string_view package_name) {
  std::vector<std::string> places = places_of(session, package_name);
  const std::string pending = pending_place(package_name);
  if (places.front() != pending) places.push_back(pending);
  std::vector<EndedPublisher> all;
  for (const std::string& place : places) {
    for (EndedPublisher& one : ended_of_place(session, place)) all.push_back(std::move(one));
  }
  return all;
}

bool anybody_trusted(db::Session& session, std::string_view issuer_id,
                     const std::optional<std::string>& tenant) {
  if (!tenant) {
    return session
        .row("SELECT 1 FROM ended_publisher WHERE issuer_id = :p1 LIMIT 1",
             {std::string(issuer_id)})
        .has_value();
  }
  return session
      .row("SELECT 1 FROM ended_publisher WHERE issuer_id = :p1 AND organization_id = :p2 LIMIT 1",
           {std::string(issuer_id), *tenant})
      .has_value();
}

std::vector<db::Migration> publisher_end_migrations() {
  return {
      {"trust/5",
       "ALTER TABLE trusted_publisher ADD COLUMN ends_at BIGINT;\n"
       "ALTER TABLE trusted_publisher ADD COLUMN usable_from BIGINT;\n"
       "CREATE INDEX trusted_publisher_end ON trusted_publisher (ends_at)\n"
       "  WHERE ends_at IS NOT NULL;\n"
       "CREATE INDEX trusted_publisher_maker ON trusted_publisher (created_by);\n"
       "CREATE TABLE ended_publisher (\n"
       "  id TEXT PRIMARY KEY, package_id TEXT NOT NULL, issuer_id TEXT NOT NULL,\n"
       "  organization_id TEXT NOT NULL, type TEXT NOT NULL, claims TEXT NOT NULL,\n"
       "  permissions TEXT NOT NULL, created_by TEXT NOT NULL, created_at BIGINT NOT NULL,\n"
       "  last_used_at BIGINT, learnt TEXT NOT NULL, tenant_claim TEXT NOT NULL,\n"
       "  ends_at BIGINT, usable_from BIGINT, ended_at BIGINT NOT NULL, reason TEXT NOT NULL);\n"
       "CREATE INDEX ended_publisher_place ON ended_publisher (package_id);\n"
       "CREATE INDEX ended_publisher_maker ON ended_publisher (created_by);\n"
       "CREATE INDEX ended_publisher_issuer ON ended_publisher (issuer_id, organization_id);\n"
       "CREATE INDEX ended_publisher_end ON ended_publisher (ended_at);\n"},
      {"trust/warnings/1", "ALTER TABLE trusted_publisher ADD COLUMN warned_at BIGINT;\n"},
      {"trust/left/1",
       "ALTER TABLE trusted_publisher ADD COLUMN left_until BIGINT;\n"
       "CREATE INDEX trusted_publisher_left ON trusted_publisher (left_until)\n"
       "  WHERE left_until IS NOT NULL;\n"}};
}

}  // namespace imp::trust
