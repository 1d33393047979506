#include "registry/staging/staged_release.h"

#include <boost/json.hpp>

#include "base/uuid.h"
#include "registry/packages/store.h"
#include "registry/staging/stage_events.h"
#include "registry/staging/stage_life.h"
#include "registry/staging/stage_outcome.h"

namespace imp::registry {

namespace {

constexpr std::string_view kColumns =
    "SELECT id, candidate, publisher_name, publisher_email, trusted_id, trusted_config, run, "
    "access, created_at, package_name, version, behind, held_reason, expires_at, policy_change "
    "FROM staged_release ";

Result<StagedRelease> from_row(const db::Row& row) {
  auto candidate = candidate_from_json(row.text(1));
  if (!candidate) return pass_on(candidate);
  StagedRelease release;
  release.id = row.text(0);
  release.candidate = std::move(*candidate);
  release.publisher.person = {row.text(2), row.text(3)};
  if (!row.null(4)) release.publisher.trusted = Publisher::Trusted{row.text(4), row.text(5)};
  release.automation = release.publisher.trusted.has_value();
  release.run = boost::json::parse(row.text(6)).as_object();
  release.access = access_from(row.text(7)).value_or(Access::restricted);
  release.created = from_milliseconds(row.integer(8));
  release.behind = row.text(11);
  release.held_reason = row.text(12);
  release.expires = from_milliseconds(row.integer(13));
  release.policy_change = row.integer(14);
  return release;
}

/// A value as npm can print it: a list as its elements with commas, never an object.
boost::json::value printable(const boost::json::value& value) {
  if (value.is_object()) return boost::json::value(boost::json::serialize(value));
  if (!value.is_array()) return value;
  std::string joined;
  for (const boost::json::value& element : value.get_array()) {
    if (!joined.empty()) joined += ", ";
    joined +=
        element.is_string() ? std::string(element.get_string()) : boost::json::serialize(element);
  }
  return boost::json::value(joined);
}

}  // namespace

void forget_staged(db::Session& session, const StagedRelease& release) {
  unstage(session, release.candidate.name, release.candidate.version, release.id);
  forget_approvals(session, release.id);
  session.run("DELETE FROM staged_release WHERE id = :p1", {release.id});
}

bool may_decide(db::Session& session, std::string_view package_name, const Caller& caller) {
  const auto package = find_package(session, package_name);
  return package && !caller.only_package && may_write(caller, access_of(session, *package));
}

Reason reason(StageRefusal refusal) {
  switch (refusal) {
    case StageRefusal::stage_not_found:
      return {"stage_not_found", FailureKind::not_found};
    case StageRefusal::invalid_stage_id:
      return {"invalid_stage_id", FailureKind::invalid};
    case StageRefusal::tarball_changed:
      return {"tarball_changed", FailureKind::internal};
    case StageRefusal::review_busy:
      return {"review_busy", FailureKind::unavailable};
    case StageRefusal::approver_is_stager:
      return {"approver_is_stager", FailureKind::forbidden};
    case StageRefusal::approver_not_in_group:
      return {"approver_not_in_group", FailureKind::forbidden};
    case StageRefusal::passkey_required:
      return {"passkey_required", FailureKind::forbidden};
    case StageRefusal::approved_already:
      return {"approved_already", FailureKind::conflict};
    case StageRefusal::invalid_stage_policy:
      return {"invalid_stage_policy", FailureKind::invalid};
    case StageRefusal::invalid_decision:
      return {"invalid_decision", FailureKind::invalid};
    case StageRefusal::not_the_stager:
      return {"not_the_stager", FailureKind::forbidden};
    case StageRefusal::invalid_stage_events:
      return {"invalid_stage_events", FailureKind::invalid};
    case StageRefusal::too_many_listeners:
      return {"too_many_listeners", FailureKind::rate_limited};
    case StageRefusal::too_many_staged:
      return {"too_many_staged", FailureKind::conflict};
  }
  return {};
}

const trust::Provider* StagedRelease::provider() const {
  return publisher.trusted ? trust::provider_of_type(publisher.trusted->id) : nullptr;
}

std::string StagedRelease::runner() const {
  return publisher.trusted ? trust::runner_class(publisher.trusted->id, run) : std::string();
}

boost::json::object StagedRelease::to_json() const {
  boost::json::object item{{"id", id},
                           {"packageName", candidate.name},
                           {"version", candidate.version},
                           {"status", "pending"},
                           {"tag", candidate.tag},
                           {"createdAt", iso8601(created)},
                           {"expiresAt", iso8601(expires)},
                           {"actor", publisher.person.name},
                           {"actorType", automation ? "trusted automation" : "user"},
                           {"access", access == Access::open ? "public" : "private"},
                           {"shasum", candidate.tarball.shasum}};
  if (!held_reason.empty()) item["heldReason"] = held_reason;
  if (!automation) return item;
  for (const auto& member : run) {
    item["run." + std::string(member.key())] = printable(member.value());
  }
  return item;
}

Result<StagedRelease> stage_release(db::Session& session, const PublishCandidate& candidate,
                                    PublishOrder order, const boost::json::object& run,
                                    const std::string& behind, Time now,
                                    const std::string& held_reason) {
  StagedRelease release;
  release.id = new_uuid();
  order.stage_id = release.id;
  const auto package = stage(session, candidate, order, now);
  if (!package) return pass_on(package);
  const auto waiting =
      session.row("SELECT COUNT(*) FROM staged_release WHERE package_name = :p1", {candidate.name});
  if (waiting->integer(0) >= kMostStaged) {
    return refuse(StageRefusal::too_many_staged,
                  fmt::format("{} releases of {} wait for a decision already, which is as many as "
                              "may. Approve or reject some first: npm stage list {}",
                              kMostStaged, candidate.name, candidate.name));
  }
  release.candidate = candidate;
  release.publisher = order.publisher;
  release.automation = order.publisher.trusted.has_value();
  release.run = run;
  release.behind = behind;
  release.access = package->access;
  release.held_reason = held_reason;
  release.created = now;
  release.policy_change = newest_policy_change(session);
  release.expires = end_of_release(session, *package, release.waiting_since());
  const auto& trusted = release.publisher.trusted;
  session.run(
      "INSERT INTO staged_release (id, package_id, package_name, version, sha512, candidate, "
      "publisher_name, "
      "publisher_email, trusted_id, trusted_config, run, access, created_at, behind, held_reason, "
      "expires_at, policy_change) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, "
      ":p12, :p13, :p14, :p15, :p16, :p17)",
      {release.id, package->id, candidate.name, candidate.version, candidate.tarball.sha512,
       registry::to_json(candidate), release.publisher.person.name, release.publisher.person.email,
       trusted ? db::Value(trusted->id) : db::Value(),
       trusted ? db::Value(trusted->config_id) : db::Value(), boost::json::serialize(run),
       std::string(name(release.access)), to_milliseconds(now), behind, held_reason,
       to_milliseconds(release.expires), release.policy_change});
  return release;
}

Result<StagedRelease> find_staged(db::Session& session, std::string_view id) {
  if (!is_uuid(id)) {
    return refuse(
        StageRefusal::invalid_stage_id,
        fmt::format(
            "\"{}\" is not the id of a staged release, which is a UUID; `npm stage list` shows "
            "them.",
            id));
  }
  static const std::string sql = std::string(kColumns) + "WHERE id = :p1";
  const auto row = session.row(sql, {std::string(id)});
  if (!row) return no_staged_release();
  return from_row(*row);
}

Result<StagedRelease> find_staged_for(db::Session& session, std::string_view id,
                                      const Caller& caller) {
  auto release = find_staged(session, id);
  if (release) {
    if (may_decide(session, release->candidate.name, caller)) return release;
    return no_staged_release();
  }
  const auto outcome = is_uuid(id) ? find_outcome(session, id) : std::nullopt;
  if (!outcome || !may_decide(session, outcome->package_name, caller)) return release;
  return no_staged_release(&*outcome);
}

bool staged_tarball_in_use(db::Session& session, std::string_view sha512) {
  return session.row("SELECT 1 FROM staged_release WHERE sha512 = :p1", {std::string(sha512)})
      .has_value();
}

std::vector<db::Migration> staging_migrations() {
  return {
      {"staging/1",
       "CREATE TABLE staged_release (\n"
       "  id TEXT PRIMARY KEY, package_id TEXT NOT NULL, package_name TEXT NOT NULL, version TEXT "
       "NOT NULL,\n"
       "  sha512 TEXT NOT NULL, candidate TEXT NOT NULL, publisher_name TEXT NOT NULL,\n"
       "  publisher_email TEXT NOT NULL, trusted_id TEXT, trusted_config TEXT, run TEXT NOT NULL,\n"
       "  access TEXT NOT NULL, created_at BIGINT NOT NULL, UNIQUE (package_id, version));\n"
       "CREATE INDEX staged_release_package ON staged_release (package_name);\n"
       "CREATE INDEX staged_release_blob ON staged_release (sha512);\n"},
      {"staging/2", "CREATE INDEX staged_release_created ON staged_release (created_at);\n"},
      stage_policy_migration(),
      {"staging/4",
       "ALTER TABLE staged_release ADD COLUMN held_reason TEXT NOT NULL DEFAULT '';\n"},
      stage_outcome_migration(),
      stage_outcome_run_migration(),
      passkey_policy_migration(),
      stage_event_migration(),
      policy_cool_down_migration(),
      stage_life_migration(),
      policy_order_migration()};
}

}  // namespace imp::registry
