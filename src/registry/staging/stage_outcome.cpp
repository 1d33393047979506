#include "registry/staging/stage_outcome.h"

#include <boost/json.hpp>

namespace imp::registry {

namespace {

constexpr StageEnd kEnds[] = {StageEnd::approved, StageEnd::rejected, StageEnd::withdrawn,
                              StageEnd::expired};

constexpr std::string_view kColumns =
    "SELECT id, package_name, version, ended, decided_by, reason, tag, decided_at, item, "
    "trusted_config, run "
    "FROM stage_outcome ";

StageOutcome from_row(const db::Row& row) {
  StageOutcome outcome;
  outcome.id = row.text(0);
  outcome.package_name = row.text(1);
  outcome.version = row.text(2);
  for (const StageEnd end : kEnds) {
    if (name(end) == row.text(3)) outcome.end = end;
  }
  outcome.by = row.text(4);
  outcome.reason = row.text(5);
  outcome.tag = row.text(6);
  outcome.at = from_milliseconds(row.integer(7));
  outcome.item = boost::json::parse(row.text(8)).as_object();
  outcome.publisher_id = row.text(9);
  outcome.run = boost::json::parse(row.text(10)).as_object();
  return outcome;
}

}  // namespace

std::string_view name(StageEnd end) {
  switch (end) {
    case StageEnd::approved:
      return "approved";
    case StageEnd::rejected:
      return "rejected";
    case StageEnd::withdrawn:
      return "withdrawn";
    case StageEnd::expired:
      return "expired";
  }
  return "";
}

boost::json::object StageOutcome::to_json() const {
  boost::json::object document = item;
  document["status"] = name(end);
  document["tag"] = tag;
  document["decidedAt"] = iso8601(at);
  if (!by.empty()) document["decidedBy"] = by;
  if (!reason.empty()) document["reason"] = reason;
  return document;
}

std::string StageOutcome::text() const {
  std::string out(name(end));
  if (!by.empty()) out += " by " + by;
  return out + " at " + time_text(at);
}

StageOutcome record_outcome(db::Session& session, const StagedRelease& release,
                            const Ending& ending, Time now) {
  const auto& trusted = release.publisher.trusted;
  StageOutcome outcome{.id = release.id,
                       .package_name = release.candidate.name,
                       .version = release.candidate.version,
                       .end = ending.end,
                       .by = ending.by,
                       .reason = ending.reason,
                       .tag = ending.tag.empty() ? release.candidate.tag : ending.tag,
                       .at = now,
                       .publisher_id = trusted ? trusted->config_id : std::string(),
                       .run = release.run,
                       .item = release.to_json()};
  session.run(
      "INSERT INTO stage_outcome (id, package_name, version, ended, decided_by, reason, tag, "
      "decided_at, item, trusted_config, run) "
      "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11)",
      {outcome.id, outcome.package_name, outcome.version, std::string(name(outcome.end)),
       outcome.by, outcome.reason, outcome.tag, to_milliseconds(now),
       boost::json::serialize(outcome.item), outcome.publisher_id,
       boost::json::serialize(outcome.run)});
  return outcome;
}

std::optional<StageOutcome> find_outcome(db::Session& session, std::string_view id) {
  static const std::string sql = std::string(kColumns) + "WHERE id = :p1";
  const auto row = session.row(sql, {std::string(id)});
  if (!row) return std::nullopt;
  return from_row(*row);
}

std::vector<StageOutcome> outcomes_of(db::Session& session, std::string_view package_name,
                                      std::int64_t limit) {
  static const std::string sql =
      std::string(kColumns) + "WHERE package_name = :p1 ORDER BY decided_at DESC, id LIMIT :p2";
  std::vector<StageOutcome> outcomes;
  for (const db::Row& row : session.rows(sql, {std::string(package_name), limit})) {
    outcomes.push_back(from_row(row));
  }
  return outcomes;
}

bool any_old_outcome(db::Session& session, Time now) {
  return session
      .row("SELECT 1 FROM stage_outcome WHERE decided_at <= :p1 LIMIT 1",
           {to_milliseconds(now - kOutcomeLife)})
      .has_value();
}

std::int64_t forget_old_outcomes(db::Session& session, Time now, std::int64_t limit) {
  return session.run(
      "DELETE FROM stage_outcome WHERE id IN (SELECT id FROM stage_outcome WHERE "
      "decided_at <= :p1 ORDER BY decided_at LIMIT :p2)",
      {to_milliseconds(now - kOutcomeLife), limit});
}

std::unexpected<Failure> no_staged_release(const StageOutcome* outcome) {
  constexpr std::string_view kNone =
      "Not Found - No staged package version found with the provided ID.";
  if (outcome) {
    return refuse(StageRefusal::stage_not_found,
                  fmt::format("{} {}@{} was {}.", kNone, outcome->package_name, outcome->version,
                              outcome->text()));
  }
  return refuse(StageRefusal::stage_not_found,
                fmt::format("{} It may have been approved or rejected already, or have waited too "
                            "long for it.",
                            kNone));
}

db::Migration stage_outcome_run_migration() {
  return {"staging/6",
          "ALTER TABLE stage_outcome ADD COLUMN trusted_config TEXT NOT NULL DEFAULT '';\n"
          "ALTER TABLE stage_outcome ADD COLUMN run TEXT NOT NULL DEFAULT '{}';\n"};
}

db::Migration stage_outcome_migration() {
  return {"staging/5",
          "CREATE TABLE stage_outcome (\n"
          "  id TEXT PRIMARY KEY, package_name TEXT NOT NULL, version TEXT NOT NULL,\n"
          "  ended TEXT NOT NULL, decided_by TEXT NOT NULL, reason TEXT NOT NULL,\n"
          "  tag TEXT NOT NULL, decided_at BIGINT NOT NULL, item TEXT NOT NULL);\n"
          "CREATE INDEX stage_outcome_package ON stage_outcome (package_name, decided_at);\n"
          "CREATE INDEX stage_outcome_decided ON stage_outcome (decided_at);\n"
          "ALTER TABLE stage_approval ADD COLUMN tag TEXT NOT NULL DEFAULT '';\n"};
}

}  // namespace imp::registry
