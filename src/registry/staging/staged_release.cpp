#include "registry/staging/staged_release.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/uuid.h"
#include "registry/packages/store.h"

namespace imp::registry {

namespace {

constexpr std::string_view kColumns =
    "SELECT id, candidate, publisher_name, publisher_email, trusted_id, trusted_config, run, "
    "access, created_at, package_name, version, behind, held_reason "
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
  return release;
}

std::unexpected<Failure> not_found() {
  return refuse(
      StageRefusal::stage_not_found,
      "Not Found - No staged package version found with the provided ID. It may have been approved "
      "or rejected already, or have waited too long for it.");
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

void remove(db::Session& session, const StagedRelease& release) {
  unstage(session, release.candidate.name, release.candidate.version, release.id);
  forget_approvals(session, release.id);
  session.run("DELETE FROM staged_release WHERE id = :p1", {release.id});
}

}  // namespace

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
    case StageRefusal::approved_already:
      return {"approved_already", FailureKind::conflict};
    case StageRefusal::invalid_stage_policy:
      return {"invalid_stage_policy", FailureKind::invalid};
  }
  return {};
}

boost::json::object StagedRelease::to_json() const {
  boost::json::object item{{"id", id},
                           {"packageName", candidate.name},
                           {"version", candidate.version},
                           {"tag", candidate.tag},
                           {"createdAt", iso8601(created)},
                           {"expiresAt", iso8601(expires())},
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
  release.candidate = candidate;
  release.publisher = order.publisher;
  release.automation = order.publisher.trusted.has_value();
  release.run = run;
  release.behind = behind;
  release.access = package->access;
  release.held_reason = held_reason;
  release.created = now;
  const auto& trusted = release.publisher.trusted;
  session.run(
      "INSERT INTO staged_release (id, package_id, package_name, version, sha512, candidate, "
      "publisher_name, "
      "publisher_email, trusted_id, trusted_config, run, access, created_at, behind, held_reason) "
      "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12, :p13, :p14, :p15)",
      {release.id, package->id, candidate.name, candidate.version, candidate.tarball.sha512,
       registry::to_json(candidate), release.publisher.person.name, release.publisher.person.email,
       trusted ? db::Value(trusted->id) : db::Value(),
       trusted ? db::Value(trusted->config_id) : db::Value(), boost::json::serialize(run),
       std::string(name(release.access)), to_milliseconds(now), behind, held_reason});
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
  if (!row) return not_found();
  return from_row(*row);
}

Result<StagedRelease> find_staged_for(db::Session& session, std::string_view id,
                                      const Caller& caller) {
  auto release = find_staged(session, id);
  if (release && !may_decide(session, release->candidate.name, caller)) return not_found();
  return release;
}

std::int64_t Approval::missing() const {
  return std::max<std::int64_t>(0, policy.approvals - static_cast<std::int64_t>(approvers.size()));
}

std::vector<std::string> counted_approvals(db::Session& session, const StagedRelease& release,
                                           const StagePolicy& policy,
                                           const ApprovalRights& rights) {
  std::vector<std::string> counted;
  for (std::string& person : approvals_of(session, release.id)) {
    if (may_decide(session, release.candidate.name, rights.caller(person)) &&
        may_approve(policy, release.behind, person, rights)) {
      counted.push_back(std::move(person));
    }
  }
  return counted;
}

Result<Approval> approve_staged(db::Session& session, std::string_view id, const Caller& caller,
                                const Person& approver, const ApprovalRights& rights,
                                const RegistryKey& key, Time now) {
  const auto release = find_staged_for(session, id, caller);
  if (!release) return pass_on(release);
  if (now >= release->expires()) return not_found();
  const auto package = find_package(session, release->candidate.name);
  Approval approval;
  approval.policy = package ? stage_policy(session, package->id) : StagePolicy();
  const auto may = may_approve(approval.policy, release->behind, approver.name, rights);
  if (!may) return pass_on(may);
  const bool first = add_approval(session, release->id, approver.name, now);
  approval.approvers = counted_approvals(session, *release, approval.policy, rights);
  if (approval.missing() > 0) {
    if (first) return approval;
    return refuse(StageRefusal::approved_already,
                  fmt::format("You approved this release already; {} more must, and each has to be "
                              "another person.",
                              approval.missing()));
  }
  PublishOrder order;
  order.caller = caller;
  order.publisher = release->publisher;
  order.publisher.approver = approver;
  order.may_create = false;
  order.may_change_access = !release->automation;
  order.stage_id = release->id;
  auto published = publish(session, release->candidate, order, key, now);
  if (!published) return pass_on(published);
  session.run("DELETE FROM staged_release WHERE id = :p1", {release->id});
  forget_approvals(session, release->id);
  approval.published = std::move(*published);
  return approval;
}

Result<StagedRelease> reject_staged(db::Session& session, std::string_view id,
                                    const Caller& caller) {
  auto release = find_staged_for(session, id, caller);
  if (!release) return release;
  remove(session, *release);
  return release;
}

Result<std::vector<StagedRelease>> take_expired(db::Session& session, Time now, std::int64_t limit,
                                                Log& log) {
  std::vector<StagedRelease> taken;
  static const std::string sql =
      std::string(kColumns) + "WHERE created_at <= :p1 ORDER BY created_at LIMIT :p2";
  for (const db::Row& row : session.rows(sql, {to_milliseconds(now - kStageLife), limit})) {
    auto release = from_row(row);
    if (!release) {
      // It is over all the same, and must not keep the others.
      log.error("an expired staged release could not be read",
                {{"id", row.text(0)}, {"reason", release.error().detail}});
      release = StagedRelease{};
      release->id = row.text(0);
      release->candidate.name = row.text(9);
      release->candidate.version = row.text(10);
    }
    remove(session, *release);
    taken.push_back(std::move(*release));
  }
  return taken;
}

bool any_expired(db::Session& session, Time now) {
  return session
      .row("SELECT 1 FROM staged_release WHERE created_at <= :p1 LIMIT 1",
           {to_milliseconds(now - kStageLife)})
      .has_value();
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
       "ALTER TABLE staged_release ADD COLUMN held_reason TEXT NOT NULL DEFAULT '';\n"}};
}

}  // namespace imp::registry
