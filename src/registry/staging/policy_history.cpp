#include "registry/staging/policy_history.h"

#include <algorithm>
#include <string>

#include "registry/staging/policy_columns.h"

namespace imp::registry {

namespace {

/// By the clock as it went then. What had no cool-down was in force at once, whatever the clock.
bool was_to_come(const PolicyChange& change, const WaitingSince& then) {
  return change.from > change.at && change.from > then.created;
}

void tighten_by(StagePolicy& policy, const PolicyHistory& history, const WaitingSince& since) {
  if (const auto then = history.at(since)) tighten(policy, *then);
  for (const PolicyChange& change : history.since(since)) tighten(policy, change.before);
}

}  // namespace

std::int64_t newest_policy_change(db::Session& session) {
  return session.row("SELECT COALESCE(MAX(number), 0) FROM stage_policy_change")->integer(0);
}

PolicyHistory PolicyHistory::of(db::Session& session, std::string_view key, std::int64_t change) {
  PolicyHistory history;
  for (const db::Row& row :
       session.rows("SELECT number, changed_at, person, given_up, from_at, old_approvals, "
                    "old_different_person, old_group_id, old_passkeys_only, old_life, approvals, "
                    "different_person, group_id, passkeys_only, life FROM stage_policy_change "
                    "WHERE package_id = :p1 AND number >= COALESCE((SELECT MAX(number) FROM "
                    "stage_policy_change WHERE package_id = :p1 AND number <= :p2), 0) "
                    "ORDER BY number",
                    {std::string(key), change})) {
    constexpr std::size_t kBefore = 5;
    const std::int64_t at = row.integer(1);
    history.changes_.push_back({row.integer(0),
                                {.at = from_milliseconds(at),
                                 .person = row.text(2),
                                 .before = policy_from(row, kBefore),
                                 .after = policy_from(row, kBefore + kPolicyColumns),
                                 .from = from_milliseconds(std::max(at, row.integer(4))),
                                 .given_up = row.flag(3)}});
  }
  return history;
}

std::optional<StagePolicy> PolicyHistory::at(const WaitingSince& then) const {
  const auto later = std::ranges::upper_bound(changes_, then.change, {}, &Numbered::number);
  if (later == changes_.begin()) return std::nullopt;
  const PolicyChange& last = std::prev(later)->change;
  return was_to_come(last, then) ? last.before : last.after;
}

std::vector<PolicyChange> PolicyHistory::since(const WaitingSince& then) const {
  std::vector<PolicyChange> made;
  for (std::size_t n = 0; n < changes_.size(); ++n) {
    const auto& [number, change] = changes_[n];
    // Of those before it, the last alone can have been to come.
    const bool is_last_before = n + 1 == changes_.size() || changes_[n + 1].number > then.change;
    if (number > then.change || (is_last_before && was_to_come(change, then))) {
      made.push_back(change);
    }
  }
  return made;
}

StagePolicy binding_policy_since(db::Session& session, const Package& package,
                                 const WaitingSince& since, Time now) {
  StagePolicy policy = binding_policy(session, package, now);
  tighten_by(policy, PolicyHistory::of(session, package.id, since.change), since);
  if (!package.owner) return policy;
  tighten_by(policy, PolicyHistory::of(session, scope_policy_key(*package.owner), since.change),
             since);
  return policy;
}

void record_change(db::Session& session, std::string_view key, const PolicyChange& change) {
  std::vector<db::Value> values{std::string(key), to_milliseconds(change.at), change.person};
  add_policy(values, change.before);
  add_policy(values, change.after);
  values.emplace_back(to_milliseconds(change.from));
  session.run(
      "INSERT INTO stage_policy_change (package_id, changed_at, person, old_approvals, "
      "old_different_person, old_group_id, old_passkeys_only, old_life, approvals, "
      "different_person, group_id, passkeys_only, life, from_at, number) VALUES (:p1, :p2, :p3, "
      ":p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12, :p13, :p14, "
      "(SELECT COALESCE(MAX(number), 0) + 1 FROM stage_policy_change))",
      std::move(values));
}

void give_up_newest_change(db::Session& session, std::string_view key) {
  session.run(
      "UPDATE stage_policy_change SET given_up = 1 WHERE package_id = :p1 AND number = "
      "(SELECT MAX(number) FROM stage_policy_change WHERE package_id = :p1)",
      {std::string(key)});
}

db::Migration policy_order_migration() {
  // Rows come in the order in which they were written. What waited already takes what was changed
  // from its staging on, by the clock, which is all that is known of it.
  return {"staging_order/1",
          "ALTER TABLE stage_policy_change ADD COLUMN number BIGINT NOT NULL DEFAULT 0;\n"
          "UPDATE stage_policy_change SET number = rowid;\n"
          "CREATE UNIQUE INDEX stage_policy_change_number ON stage_policy_change (number);\n"
          "DROP INDEX stage_policy_change_package;\n"
          "CREATE INDEX stage_policy_change_order ON stage_policy_change (package_id, number);\n"
          "ALTER TABLE staged_release ADD COLUMN policy_change BIGINT NOT NULL DEFAULT 0;\n"
          "UPDATE staged_release SET policy_change = COALESCE(\n"
          "  (SELECT MIN(c.number) - 1 FROM stage_policy_change c\n"
          "   WHERE c.changed_at >= staged_release.created_at),\n"
          "  (SELECT MAX(c.number) FROM stage_policy_change c), 0);\n"};
}

}  // namespace imp::registry
