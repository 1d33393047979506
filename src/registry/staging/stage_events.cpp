#include "registry/staging/stage_events.h"

#include <algorithm>
#include <boost/json.hpp>

namespace imp::registry {

namespace {

/// The first number that an event of this instant can have.
StageEventId first_at(Time at) { return to_milliseconds(at) * 1024; }

/// What is older may be forgotten.
StageEventId first_kept(Time now) { return first_at(now - kStageEventLife); }

/// The number of the last one; 0 when there was none yet.
StageEventId last_event(db::Session& session) {
  return session.row("SELECT COALESCE(MAX(id), 0) FROM stage_event")->integer(0);
}

}  // namespace

std::string scope_of_package(std::string_view package_name) {
  const std::size_t slash = package_name.find('/');
  if (!package_name.starts_with('@') || slash == std::string_view::npos) return {};
  return std::string(package_name.substr(1, slash - 1));
}

std::string_view name(StageEventKind kind) {
  switch (kind) {
    case StageEventKind::staged:
      return "staged";
    case StageEventKind::held:
      return "held";
    case StageEventKind::approval:
      return "approval";
    case StageEventKind::approved:
      return "approved";
    case StageEventKind::rejected:
      return "rejected";
    case StageEventKind::withdrawn:
      return "withdrawn";
    case StageEventKind::expired:
      return "expired";
  }
  return "";
}

void record_stage_event(db::Session& session, std::string_view package_name, StageEventKind kind,
                        boost::json::object data, Time now) {
  data["package"] = package_name;
  data["at"] = iso8601(now);
  // Writers take turns, so that numbers grow in the order in which listeners can see the events.
  const StageEventId id = std::max(last_event(session) + 1, first_at(now));
  session.run(
      "INSERT INTO stage_event (id, package_name, scope, kind, data) "
      "VALUES (:p1, :p2, :p3, :p4, :p5)",
      {id, std::string(package_name), scope_of_package(package_name), std::string(name(kind)),
       boost::json::serialize(data)});
}

StageEventId stage_events_now(db::Session& session, Time now) {
  const StageEventId last = last_event(session);
  // Before the first one: earlier than any transaction under way can have looked at the clock.
  return last > 0 ? last : first_at(now - std::chrono::minutes(1));
}

bool is_gap(db::Session& session, StageEventId after, Time now) {
  const StageEventId last = last_event(session);
  if (last == 0) return false;
  if (after > last) return true;
  // The oldest are forgotten first: where one is left, so are those after it.
  return after < first_kept(now) && !find_stage_event(session, after);
}

std::vector<StageEventHead> stage_events_after(db::Session& session, StageEventId after,
                                               const StageEventFilter& filter, std::int64_t limit) {
  std::string sql = "SELECT id, package_name FROM stage_event WHERE id > :p1 ";
  std::vector<db::Value> parameters{after, limit};
  if (!filter.package_name.empty()) {
    sql += "AND package_name = :p3 ";
    parameters.emplace_back(filter.package_name);
  } else if (!filter.scope.empty()) {
    sql += "AND scope = :p3 ";
    parameters.emplace_back(filter.scope);
  }
  std::vector<StageEventHead> heads;
  for (const db::Row& row : session.rows(sql + "ORDER BY id LIMIT :p2", std::move(parameters))) {
    heads.push_back({row.integer(0), row.text(1)});
  }
  return heads;
}

std::optional<StageEvent> find_stage_event(db::Session& session, StageEventId id) {
  const auto row =
      session.row("SELECT id, package_name, kind, data FROM stage_event WHERE id = :p1", {id});
  if (!row) return std::nullopt;
  return StageEvent{row->integer(0), row->text(1), row->text(2), row->text(3)};
}

bool any_old_stage_event(db::Session& session, Time now) {
  return session
      .row(
          "SELECT 1 FROM stage_event WHERE id < :p1 AND id < (SELECT MAX(id) FROM stage_event) "
          "LIMIT 1",
          {first_kept(now)})
      .has_value();
}

std::int64_t forget_old_stage_events(db::Session& session, Time now, std::int64_t limit) {
  return session.run(
      "DELETE FROM stage_event WHERE id IN (SELECT id FROM stage_event WHERE id < :p1 AND "
      "id < (SELECT MAX(id) FROM stage_event) ORDER BY id LIMIT :p2)",
      {first_kept(now), limit});
}

db::Migration stage_event_migration() {
  return {"staging/8",
          "CREATE TABLE stage_event (\n"
          "  id BIGINT PRIMARY KEY, package_name TEXT NOT NULL, scope TEXT NOT NULL,\n"
          "  kind TEXT NOT NULL, data TEXT NOT NULL);\n"
          "CREATE INDEX stage_event_package ON stage_event (package_name, id);\n"
          "CREATE INDEX stage_event_scope ON stage_event (scope, id);\n"};
}

}  // namespace imp::registry
