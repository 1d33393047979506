#include "registry/staging/stage_policy.h"

#include <algorithm>
#include <boost/json.hpp>

#include "registry/staging/policy_columns.h"
#include "registry/staging/policy_history.h"
#include "registry/staging/stage_life.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

namespace {

constexpr std::string_view kOfOrganization = "organization:";

/// What is set somewhere.
struct Standing {
  StagePolicy policy;  ///< in force
  std::optional<PolicyToCome> to_come;
  bool set = true;  ///< somebody did
};

Standing standing(db::Session& session, std::string_view key, Time now) {
  const auto row = session.row(
      "SELECT approvals, different_person, group_id, passkeys_only, life, next_approvals, "
      "next_different_person, next_group_id, next_passkeys_only, next_life, next_from "
      "FROM stage_policy WHERE package_id = :p1",
      {std::string(key)});
  if (!row) return {.policy = {}, .to_come = {}, .set = false};
  if (row->null(10)) return {policy_from(*row, 0), std::nullopt};
  PolicyToCome next{policy_from(*row, kPolicyColumns), from_milliseconds(row->integer(10))};
  if (now >= next.from) return {std::move(next.policy), std::nullopt};
  return {policy_from(*row, 0), std::move(next)};
}

void set_standing(db::Session& session, const std::string& key, const Standing& standing) {
  session.run("DELETE FROM stage_policy WHERE package_id = :p1", {key});
  std::vector<db::Value> values{key};
  add_policy(values, standing.policy);
  if (standing.to_come) {
    add_policy(values, standing.to_come->policy);
    values.emplace_back(to_milliseconds(standing.to_come->from));
  } else {
    values.resize(values.size() + kPolicyColumns + 1);  // null
  }
  session.run(
      "INSERT INTO stage_policy (package_id, approvals, different_person, group_id, passkeys_only, "
      "life, next_approvals, next_different_person, next_group_id, next_passkeys_only, next_life, "
      "next_from) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12)",
      std::move(values));
}

}  // namespace

boost::json::object StagePolicy::to_json() const {
  return {{"approvals", approvals},
          {"differentPerson", different_person},
          {"group", group.empty() ? boost::json::value(nullptr) : boost::json::value(group)},
          {"passkeysOnly", passkeys_only},
          {"expiresAfter", short_text(life)}};
}

std::string StagePolicy::text() const {
  std::string out = approvals == 1 ? "1 approval" : fmt::format("{} approvals", approvals);
  if (!group.empty()) out += ", by members of a named group";
  if (passkeys_only) out += ", each confirmed with a passkey";
  if (different_person) out += ", by somebody else than who is behind it";
  if (life != kStageLife) out += ", within " + life_text(life);
  return out;
}

bool is_looser(const StagePolicy& after, const StagePolicy& before) {
  return after.approvals < before.approvals ||
         (before.different_person && !after.different_person) ||
         (before.passkeys_only && !after.passkeys_only) || after.life > before.life ||
         (!before.group.empty() && after.group != before.group);
}

void tighten(StagePolicy& policy, const StagePolicy& other) {
  policy.approvals = std::max(policy.approvals, other.approvals);
  policy.different_person = policy.different_person || other.different_person;
  policy.passkeys_only = policy.passkeys_only || other.passkeys_only;
  policy.life = std::min(policy.life, other.life);
  if (other.group.empty() || other.group == policy.group) return;
  if (policy.group.empty()) {
    policy.group = other.group;
  } else if (std::ranges::find(policy.more_groups, other.group) == policy.more_groups.end()) {
    policy.more_groups.push_back(other.group);
  }
}

std::string scope_policy_key(std::string_view organization_id) {
  return std::string(kOfOrganization) + std::string(organization_id);
}

std::optional<std::string> organization_of_policy_key(std::string_view key) {
  if (!key.starts_with(kOfOrganization)) return std::nullopt;
  return std::string(key.substr(kOfOrganization.size()));
}

std::optional<StagePolicy> standing_policy(db::Session& session, std::string_view key, Time now) {
  Standing found = standing(session, key, now);
  return found.set ? std::optional(std::move(found.policy)) : std::nullopt;
}

StagePolicy stage_policy(db::Session& session, std::string_view key, Time now) {
  return standing(session, key, now).policy;
}

std::optional<PolicyToCome> policy_to_come(db::Session& session, std::string_view key, Time now) {
  return standing(session, key, now).to_come;
}

StagePolicy binding_policy(db::Session& session, const Package& package, Time now) {
  auto own = standing_policy(session, package.id, now);
  auto scope = package.owner ? standing_policy(session, scope_policy_key(*package.owner), now)
                             : std::nullopt;
  if (!own) return std::move(scope).value_or(StagePolicy());
  if (scope) tighten(*own, *scope);
  return std::move(*own);
}

std::optional<PolicyChange> change_policy(db::Session& session, std::string_view key,
                                          const StagePolicy& policy, const std::string& person,
                                          Time now, Milliseconds cool_down,
                                          const StagePolicy& unset) {
  const std::string id(key);
  Standing before = standing(session, id, now);
  if (!before.set) before.policy = unset;
  // What nobody has set yet is set also when it is the same: it stays when what gave it goes.
  if (before.set && policy == (before.to_come ? before.to_come->policy : before.policy)) {
    return std::nullopt;
  }
  const Time from = is_looser(policy, before.policy) ? now + cool_down : now;
  PolicyChange change{now, person, before.policy, policy, from};
  Standing after{policy, std::nullopt};
  if (from > now) after = {before.policy, PolicyToCome{policy, from}};
  set_standing(session, id, after);
  if (before.to_come) give_up_newest_change(session, id);
  record_change(session, id, change);
  settle_ends(session, id);
  return change;
}

std::int64_t approvals_needed(const StagePolicy& policy, const std::string& behind) {
  return policy.approvals + (policy.different_person && behind.empty() ? 1 : 0);
}

Result<void> may_approve(const StagePolicy& policy, const std::string& behind,
                         const RecordedApproval& approval, const ApprovalRights& rights) {
  const std::string& person = approval.person;
  if (policy.different_person && behind == person) {
    return refuse(StageRefusal::approver_is_stager,
                  "You are behind this release: the package's policy wants somebody else to "
                  "approve it.");
  }
  std::vector<std::string> groups = policy.more_groups;
  if (!policy.group.empty()) groups.push_back(policy.group);
  for (const std::string& group : groups) {
    if (rights.in_group(person, group)) continue;
    return refuse(
        StageRefusal::approver_not_in_group,
        "The package's policy wants members of a group to approve, and you are not in it. Its "
        "review says which group; somebody of that has to approve, or an admin of the "
        "organisation adds you to it.");
  }
  if (policy.passkeys_only && !approval.by_passkey) {
    return refuse(StageRefusal::passkey_required,
                  "The policy wants approvals that are confirmed with a passkey; one-time and "
                  "recovery codes do not count. Approve on the package's page, or with "
                  "--auth-type=web and your passkey in the browser.");
  }
  return {};
}

std::vector<RecordedApproval> approvals_of(db::Session& session, std::string_view stage_id) {
  std::vector<RecordedApproval> approvals;
  for (const db::Row& row :
       session.rows("SELECT person, tag, by_passkey FROM stage_approval WHERE stage_id = :p1 "
                    "ORDER BY approved_at, person",
                    {std::string(stage_id)})) {
    approvals.push_back({row.text(0), row.text(1), row.flag(2)});
  }
  return approvals;
}

bool add_approval(db::Session& session, std::string_view stage_id, const RecordedApproval& approval,
                  Time now) {
  return session.run(
             "INSERT INTO stage_approval (stage_id, person, approved_at, tag, by_passkey) "
             "VALUES (:p1, :p2, :p3, :p4, :p5) ON CONFLICT (stage_id, person) DO UPDATE SET "
             "approved_at = excluded.approved_at, tag = excluded.tag, "
             "by_passkey = excluded.by_passkey WHERE stage_approval.tag <> excluded.tag OR "
             "stage_approval.by_passkey < excluded.by_passkey",
             {std::string(stage_id), approval.person, to_milliseconds(now), approval.tag,
              std::int64_t{approval.by_passkey}}) == 1;
}

void forget_approvals(db::Session& session, std::string_view stage_id) {
  session.run("DELETE FROM stage_approval WHERE stage_id = :p1", {std::string(stage_id)});
}

db::Migration policy_cool_down_migration() {
  return {"staging/9",
          "ALTER TABLE stage_policy ADD COLUMN next_approvals BIGINT;\n"
          "ALTER TABLE stage_policy ADD COLUMN next_different_person BIGINT;\n"
          "ALTER TABLE stage_policy ADD COLUMN next_group_id TEXT;\n"
          "ALTER TABLE stage_policy ADD COLUMN next_passkeys_only BIGINT;\n"
          "ALTER TABLE stage_policy ADD COLUMN next_from BIGINT;\n"
          "ALTER TABLE stage_policy_change ADD COLUMN from_at BIGINT NOT NULL DEFAULT 0;\n"
          "ALTER TABLE stage_policy_change ADD COLUMN given_up BIGINT NOT NULL DEFAULT 0;\n"};
}

db::Migration passkey_policy_migration() {
  return {"staging/7",
          "ALTER TABLE stage_policy ADD COLUMN passkeys_only BIGINT NOT NULL DEFAULT 0;\n"
          "ALTER TABLE stage_policy_change ADD COLUMN old_passkeys_only BIGINT NOT NULL "
          "DEFAULT 0;\n"
          "ALTER TABLE stage_policy_change ADD COLUMN passkeys_only BIGINT NOT NULL DEFAULT 0;\n"
          "ALTER TABLE stage_approval ADD COLUMN by_passkey BIGINT NOT NULL DEFAULT 0;\n"};
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
