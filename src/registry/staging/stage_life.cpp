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

/// Makes the end of a release that waits since then earlier, if a policy wants that.
void shorten(std::optional<Time>& end, const PolicyHistory& history, const WaitingSince& since) {
  const auto under = [&](const StagePolicy& policy, Time from) {
    const Time over = std::max(from, since.created + policy.life);
    end = end ? std::min(*end, over) : over;
  };
  if (const auto then = history.at(since)) under(*then, since.created);
  for (const PolicyChange& change : history.since(since)) {
    if (change.given_up) continue;
    under(change.before, since.created);
    under(change.after, change.from);
  }
}

struct Histories {
  PolicyHistory own, scope;

  static Histories of(db::Session& session, const std::string& package_id,
                      const std::optional<std::string>& owner, std::int64_t change) {
    return {PolicyHistory::of(session, package_id, change),
            owner ? PolicyHistory::of(session, scope_policy_key(*owner), change) : PolicyHistory()};
  }

  Time end(const WaitingSince& since) const {
    std::optional<Time> end;
    shorten(end, own, since);
    shorten(end, scope, since);
    return end.value_or(since.created + kStageLife);
  }
};

/// Sets anew the ends of what one package has waiting.
void settle_package(db::Session& session, const std::string& package_id,
                    const std::optional<std::string>& owner) {
  const auto rows = session.rows(
      "SELECT id, policy_change, created_at, expires_at FROM staged_release "
      "WHERE package_id = :p1 ORDER BY policy_change",
      {package_id});
  if (rows.empty()) return;
  const auto histories = Histories::of(session, package_id, owner, rows.front().integer(1));
  for (const db::Row& row : rows) {
    const WaitingSince since{row.integer(1), from_milliseconds(row.integer(2))};
    const auto end = to_milliseconds(histories.end(since));
    if (end == row.integer(3)) continue;
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

Time end_of_release(db::Session& session, const Package& package, const WaitingSince& since) {
  return Histories::of(session, package.id, package.owner, since.change).end(since);
}

void settle_ends(db::Session& session, std::string_view key) {
  if (const auto package = find_package_by_id(session, key)) {
    settle_package(session, package->id, package->owner);
    return;
  }
  const auto organization = organization_of_policy_key(key);
  if (!organization) return;
  for (const db::Row& row :
       session.rows("SELECT DISTINCT package_id FROM staged_release WHERE package_id IN "
                    "(SELECT id FROM package WHERE owner = :p1)",
                    {*organization})) {
    settle_package(session, row.text(0), organization);
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
