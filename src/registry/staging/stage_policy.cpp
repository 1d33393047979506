#include "registry/staging/stage_policy.h"

#include <boost/json.hpp>

#include "registry/staging/staged_release.h"

namespace imp::registry {

namespace {

StagePolicy from_columns(const db::Row& row, std::size_t first) {
  return {row.integer(first), row.flag(first + 1), row.text(first + 2)};
}

}  // namespace

boost::json::object StagePolicy::to_json() const {
  return {{"approvals", approvals},
          {"differentPerson", different_person},
          {"group", group.empty() ? boost::json::value(nullptr) : boost::json::value(group)}};
}

std::string StagePolicy::text() const {
  std::string out = approvals == 1 ? "1 approval" : fmt::format("{} approvals", approvals);
  if (!group.empty()) out += ", by members of a named group";
  if (different_person) out += ", by somebody else than who is behind it";
  return out;
}

bool is_looser(const StagePolicy& after, const StagePolicy& before) {
  return after.approvals < before.approvals ||
         (before.different_person && !after.different_person) ||
         (!before.group.empty() && after.group != before.group);
}

StagePolicy stage_policy(db::Session& session, std::string_view package_id) {
  const auto row = session.row(
      "SELECT approvals, different_person, group_id FROM stage_policy WHERE package_id = :p1",
      {std::string(package_id)});
  return row ? from_columns(*row, 0) : StagePolicy();
}

std::optional<PolicyChange> change_policy(db::Session& session, std::string_view package_id,
                                          const StagePolicy& policy, const std::string& person,
                                          Time now) {
  const std::string id(package_id);
  PolicyChange change{now, person, stage_policy(session, id), policy};
  if (change.before == policy) return std::nullopt;
  session.run("DELETE FROM stage_policy WHERE package_id = :p1", {id});
  session.run(
      "INSERT INTO stage_policy (package_id, approvals, different_person, group_id) "
      "VALUES (:p1, :p2, :p3, :p4)",
      {id, policy.approvals, std::int64_t{policy.different_person}, policy.group});
  const StagePolicy& before = change.before;
  session.run(
      "INSERT INTO stage_policy_change (package_id, changed_at, person, old_approvals, "
      "old_different_person, old_group_id, approvals, different_person, group_id) "
      "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9)",
      {id, to_milliseconds(now), person, before.approvals, std::int64_t{before.different_person},
       before.group, policy.approvals, std::int64_t{policy.different_person}, policy.group});
  return change;
}

std::vector<PolicyChange> loosened_since(db::Session& session, std::string_view package_id,
                                         Time since) {
  std::vector<PolicyChange> changes;
  for (const db::Row& row :
       session.rows("SELECT changed_at, person, old_approvals, old_different_person, old_group_id, "
                    "approvals, different_person, group_id FROM stage_policy_change "
                    "WHERE package_id = :p1 AND changed_at >= :p2 ORDER BY changed_at",
                    {std::string(package_id), to_milliseconds(since)})) {
    PolicyChange change{from_milliseconds(row.integer(0)), row.text(1), from_columns(row, 2),
                        from_columns(row, 5)};
    if (is_looser(change.after, change.before)) changes.push_back(std::move(change));
  }
  return changes;
}

Result<void> may_approve(const StagePolicy& policy, const std::string& behind,
                         const std::string& person, const ApprovalRights& rights) {
  if (policy.different_person && behind == person) {
    return refuse(StageRefusal::approver_is_stager,
                  "You are behind this release: the package's policy wants somebody else to "
                  "approve it.");
  }
  if (!policy.group.empty() && !rights.in_group(person, policy.group)) {
    return refuse(StageRefusal::approver_not_in_group,
                  "The package's policy wants members of a named group to approve, and you are "
                  "not in it.");
  }
  return {};
}

std::vector<RecordedApproval> approvals_of(db::Session& session, std::string_view stage_id) {
  std::vector<RecordedApproval> approvals;
  for (const db::Row& row :
       session.rows("SELECT person, tag FROM stage_approval WHERE stage_id = :p1 "
                    "ORDER BY approved_at, person",
                    {std::string(stage_id)})) {
    approvals.push_back({row.text(0), row.text(1)});
  }
  return approvals;
}

bool add_approval(db::Session& session, std::string_view stage_id, const RecordedApproval& approval,
                  Time now) {
  return session.run(
             "INSERT INTO stage_approval (stage_id, person, approved_at, tag) "
             "VALUES (:p1, :p2, :p3, :p4) ON CONFLICT (stage_id, person) DO UPDATE SET "
             "approved_at = excluded.approved_at, tag = excluded.tag "
             "WHERE stage_approval.tag <> excluded.tag",
             {std::string(stage_id), approval.person, to_milliseconds(now), approval.tag}) == 1;
}

void forget_approvals(db::Session& session, std::string_view stage_id) {
  session.run("DELETE FROM stage_approval WHERE stage_id = :p1", {std::string(stage_id)});
}

db::Migration stage_policy_migration() {
  return {"staging/3",
          "CREATE TABLE stage_policy (\n"
          "  package_id TEXT PRIMARY KEY, approvals BIGINT NOT NULL,\n"
          "  different_person BIGINT NOT NULL, group_id TEXT NOT NULL);\n"
          "CREATE TABLE stage_policy_change (\n"
          "  package_id TEXT NOT NULL, changed_at BIGINT NOT NULL, person TEXT NOT NULL,\n"
          "  old_approvals BIGINT NOT NULL, old_different_person BIGINT NOT NULL,\n"
          "  old_group_id TEXT NOT NULL, approvals BIGINT NOT NULL,\n"
          "  different_person BIGINT NOT NULL, group_id TEXT NOT NULL);\n"
          "CREATE INDEX stage_policy_change_package ON stage_policy_change (package_id, "
          "changed_at);\n"
          "CREATE TABLE stage_approval (\n"
          "  stage_id TEXT NOT NULL, person TEXT NOT NULL, approved_at BIGINT NOT NULL,\n"
          "  PRIMARY KEY (stage_id, person));\n"
          "ALTER TABLE staged_release ADD COLUMN behind TEXT NOT NULL DEFAULT '';\n"};
}

}  // namespace imp::registry
