#include "registry/staging/stage_life.h"

#include <algorithm>
#include <vector>

#include "base/settings.h"
#include "registry/packages/store.h"
#include "registry/staging/stage_policy.h"

namespace imp::registry {

namespace {

constexpr Milliseconds kHour = std::chrono::hours(1);
constexpr Milliseconds kDay = std::chrono::days(1);

/// What was, is and will be in force under a key, for releases that wait since `since` or later.
struct PolicyHistory {
  std::vector<PolicyChange> changes;
  std::optional<StagePolicy> standing;

  static PolicyHistory of(db::Session& session, std::string_view key, Time since, Time now) {
    return {policy_changes_since(session, key, since), standing_policy(session, key, now)};
  }

  /// Makes the end of a release that waits since `created` earlier, if a policy wants that.
  void shorten(std::optional<Time>& end, Time created) const {
    const auto under = [&](const StagePolicy& policy, Time from) {
      const Time over = std::max(from, created + policy.life);
      end = end ? std::min(*end, over) : over;
    };
    bool changed = false;
    for (const PolicyChange& change : changes) {
      if (change.from < created) continue;
      changed = true;
      under(change.before, created);
      under(change.after, change.from);
    }
    if (!changed && standing) under(*standing, created);
  }
};

Time end_under(const PolicyHistory& own, const PolicyHistory& scope, Time created) {
  std::optional<Time> end;
  own.shorten(end, created);
  scope.shorten(end, created);
  return end.value_or(created + kStageLife);
}

PolicyHistory history_of_scope(db::Session& session, const std::optional<std::string>& owner,
                               Time since, Time now) {
  if (!owner) return {};
  return PolicyHistory::of(session, scope_policy_key(*owner), since, now);
}

/// Sets anew the ends of what one package has waiting.
void settle_package(db::Session& session, const std::string& package_id,
                    const std::optional<std::string>& owner, Time now) {
  const auto rows = session.rows(
      "SELECT id, created_at, expires_at FROM staged_release WHERE package_id = :p1 "
      "ORDER BY created_at",
      {package_id});
  if (rows.empty()) return;
  const Time oldest = from_milliseconds(rows.front().integer(1));
  const auto own = PolicyHistory::of(session, package_id, oldest, now);
  const auto scope = history_of_scope(session, owner, oldest, now);
  for (const db::Row& row : rows) {
    const auto end = to_milliseconds(end_under(own, scope, from_milliseconds(row.integer(1))));
    if (end == row.integer(2)) continue;
    session.run("UPDATE staged_release SET expires_at = :p2 WHERE id = :p1", {row.text(0), end});
  }
}

}  // namespace

std::string short_text(Milliseconds life) {
  if (life % kDay == Milliseconds(0)) return fmt::format("{}d", life / kDay);
  return fmt::format("{}h", life / kHour);
}

std::optional<Milliseconds> parse_life(std::string_view text) {
  const auto life = parse_duration(text);
  if (!life || *life < kShortestStageLife || *life > kLongestStageLife ||
      *life % kHour != Milliseconds(0)) {
    return std::nullopt;
  }
  return life;
}

std::string allowed_lives() {
  return fmt::format("hours or days from \"{}\" to \"{}\"", short_text(kShortestStageLife),
                     short_text(kLongestStageLife));
}

std::string life_text(Milliseconds life) {
  const bool days = life % kDay == Milliseconds(0);
  const auto count = life / (days ? kDay : kHour);
  return fmt::format("{} {}{}", count, days ? "day" : "hour", count == 1 ? "" : "s");
}

Time end_of_release(db::Session& session, const Package& package, Time created, Time now) {
  return end_under(PolicyHistory::of(session, package.id, created, now),
                   history_of_scope(session, package.owner, created, now), created);
}

void settle_ends(db::Session& session, std::string_view key, Time now) {
  if (const auto package = find_package_by_id(session, key)) {
    settle_package(session, package->id, package->owner, now);
    return;
  }
  const auto organization = organization_of_policy_key(key);
  if (!organization) return;
  for (const db::Row& row :
       session.rows("SELECT DISTINCT package_id FROM staged_release WHERE package_id IN "
                    "(SELECT id FROM package WHERE owner = :p1)",
                    {*organization})) {
    settle_package(session, row.text(0), organization, now);
  }
}

db::Migration stage_life_migration() {
  return {"staging/10",
          "ALTER TABLE stage_policy ADD COLUMN life BIGINT NOT NULL DEFAULT 1209600000;\n"
          "ALTER TABLE stage_policy ADD COLUMN next_life BIGINT;\n"
          "UPDATE stage_policy SET next_life = 1209600000 WHERE next_from IS NOT NULL;\n"
          "ALTER TABLE stage_policy_change ADD COLUMN old_life BIGINT NOT NULL DEFAULT "
          "1209600000;\n"
          "ALTER TABLE stage_policy_change ADD COLUMN life BIGINT NOT NULL DEFAULT 1209600000;\n"
          "ALTER TABLE staged_release ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;\n"
          "UPDATE staged_release SET expires_at = created_at + 1209600000;\n"
          "CREATE INDEX staged_release_end ON staged_release (expires_at);\n"};
}

}  // namespace imp::registry
