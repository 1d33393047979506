#include "db/migrations.h"

#include <algorithm>
#include <set>

namespace imp::db {

namespace {

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = line.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlank) - first + 1);
}

std::string_view module_of(std::string_view name) { return name.substr(0, name.rfind('/')); }

Result<void> check_names(const std::vector<Migration>& migrations) {
  std::set<std::string_view> seen;
  for (const Migration& migration : migrations) {
    if (!migration.name.contains('/') || !seen.insert(migration.name).second) {
      return refuse(
          StoreRefusal::migration_failed,
          "The migration \"" + migration.name +
              "\" is listed twice or is not named \"module/number\". This is a bug: please "
              "report it.");
    }
  }
  return {};
}

// A recorded step of a module that we know, but which we do not have, was made by a newer version.
Result<void> check_known(const std::vector<Row>& recorded,
                         const std::vector<Migration>& migrations) {
  std::set<std::string_view> names;
  std::set<std::string_view> modules;
  for (const Migration& migration : migrations) {
    names.insert(migration.name);
    modules.insert(module_of(migration.name));
  }
  for (const Row& row : recorded) {
    const std::string& name = row.text(0);
    if (modules.contains(module_of(name)) && !names.contains(name)) {
      return refuse(StoreRefusal::unknown_schema,
                    "The database has the migration \"" + name +
                        "\", which this version does not know: a newer version has used it. Start "
                        "that version again, or restore a backup made before the upgrade.");
    }
  }
  return {};
}

Result<void> run_one(const WriteTransaction& write, const Migration& migration) {
  Result<void> done = write([&](Session& session) {
    // Asked inside the transaction: another process may be migrating too.
    if (session.row("SELECT name FROM schema_migrations WHERE name = :p1", {migration.name})) {
      return true;
    }
    for (const std::string& statement : split_statements(migration.sql)) {
      session.run(statement);
    }
    session.run("INSERT INTO schema_migrations (name) VALUES (:p1)", {migration.name});
    return true;
  });
  if (done) return done;
  return refuse(StoreRefusal::migration_failed,
                "The migration \"" + migration.name +
                    "\" failed and was undone; the database is as it was before that step.",
                done.error().detail);
}

}  // namespace

std::vector<std::string> split_statements(std::string_view sql) {
  std::vector<std::string> statements;
  std::string current;
  while (!sql.empty()) {
    const std::size_t end = std::min(sql.find('\n'), sql.size());
    const std::string_view line = trimmed(sql.substr(0, end));
    sql.remove_prefix(std::min(end + 1, sql.size()));
    if (line.empty() || line.starts_with("--")) continue;
    if (!current.empty()) current += '\n';
    current += line;
    if (line.ends_with(';')) {
      current.pop_back();
      statements.push_back(std::move(current));
      current.clear();
    }
  }
  if (!current.empty()) statements.push_back(std::move(current));
  return statements;
}

Result<void> apply_migrations(const WriteTransaction& write,
                              const std::vector<Migration>& migrations) {
  if (const auto named = check_names(migrations); !named) return named;
  std::vector<Row> recorded;
  const Result<void> read = write([&](Session& session) {
    session.run(
        "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, "
        "applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)");
    recorded = session.rows("SELECT name FROM schema_migrations ORDER BY name");
    return true;
  });
  if (!read) return read;
  if (const auto known = check_known(recorded, migrations); !known) return known;
  for (const Migration& migration : migrations) {
    if (const auto done = run_one(write, migration); !done) return done;
  }
  return {};
}

}  // namespace imp::db
