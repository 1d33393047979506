#include "db/sqlite_connection.h"

#include <soci/sqlite3/soci-sqlite3.h>

#include <mutex>

namespace imp::db {

namespace {

// The C interface of the connection that SOCI opened: SOCI has no call for these few things. The
// library does not export the class's type information, which a sanitizer's check of the cast
// needs.
__attribute__((no_sanitize("vptr"))) sqlite_api::sqlite3* handle(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

// The longer the log may grow (pages of 4 KB), the fewer times a page that many transactions change
// is written back. A log that somebody else copies begins anew only when all of it is copied, which
// never happens while transactions come without a pause: then the writer copies what is left.
constexpr int kLongLog = 4000;
constexpr int kLongestLog = 8000;

// A connection is used by one thread at a time, so SQLite needs no locks of its own around each
// call, and nobody asks how much memory it has, which it counts under another lock. Only the first
// call in a process has an effect, and none when SQLite is in use already: then it only is slower.
void configure_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  });
}

bool is_unique_violation(int extended_code) {
  return extended_code == SQLITE_CONSTRAINT_UNIQUE ||
         extended_code == SQLITE_CONSTRAINT_PRIMARYKEY || extended_code == SQLITE_CONSTRAINT_ROWID;
}

// SOCI's what() adds the values of the parameters, which may be secrets: its bare message does not.
StoreError store_error(const soci::soci_error& error, std::string_view sql) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  const int code = sqlite ? sqlite->result() : 0;
  std::string text = error.get_error_message();
  if (code != 0) text += " (SQLite code " + std::to_string(code) + ")";
  text += " in: ";
  text += sql;
  return StoreError(std::move(text), is_unique_violation(code));
}

// SOCI reads "key=value key=value"; a path with '=' or a space must be quoted, and cannot hold a
// quote.
std::string connect_string(const std::string& path) {
  if (path.contains('"') || path.contains('\0')) {
    throw StoreError("the path of a database must not contain a quotation mark: " + path, false);
  }
  return "db=\"" + path + "\"";
}

}  // namespace

SqliteConnection::SqliteConnection(const std::string& path, Use use)
    : use_(use), session_(), statements_(session_) {
  configure_library();
  try {
    session_.open(soci::sqlite3, connect_string(path));
  } catch (const soci::soci_error& error) {
    throw store_error(error, "opening " + path);
  }
  // Without this, a taken key and a broken foreign key look the same.
  sqlite_api::sqlite3_extended_result_codes(handle(session_), 1);
  rows("PRAGMA busy_timeout=10000");
  const std::string journal = rows("PRAGMA journal_mode=WAL").at(0).text(0);
  if (journal != "wal" && path != ":memory:") {
    throw StoreError("SQLite refused WAL mode for " + path + " (it stays in " + journal + ")",
                     false);
  }
  run("PRAGMA synchronous=FULL");
  run("PRAGMA foreign_keys=ON");
  // What a savepoint may undo is kept aside page by page; beyond 64 KB SQLite would write that to a
  // file, which was a seventh of a group of writers' time.
  run("PRAGMA temp_store=MEMORY");
  // After a burst the log file is cut back to this many bytes.
  rows("PRAGMA journal_size_limit=67108864");
  if (use == Use::reading) {
    run("PRAGMA query_only=ON");
    return;
  }
  // The writer alone changes pages, so what it keeps stays good.
  run("PRAGMA cache_size=-16384");
}

void SqliteConnection::when_log_is_long(std::function<void()> tell) {
  log_is_long_ = std::move(tell);
  // Takes the place of the checkpoint that SQLite would make in a commit.
  sqlite_api::sqlite3_wal_hook(
      handle(session_),
      [](void* self, sqlite_api::sqlite3* database, const char* name, int pages) {
        if (pages >= kLongestLog) {
          // What was copied already is not copied again. Never waits.
          sqlite_api::sqlite3_wal_checkpoint_v2(database, name, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                                nullptr);
        } else if (pages >= kLongLog) {
          static_cast<SqliteConnection*>(self)->log_is_long_();
        }
        return SQLITE_OK;
      },
      this);
}

std::vector<Row> SqliteConnection::execute(std::string_view sql, Parameters parameters,
                                           std::int64_t* changed) {
  try {
    return statements_.execute(sql, parameters.values(), changed);
  } catch (const soci::soci_error& error) {
    throw store_error(error, sql);
  }
}

std::int64_t SqliteConnection::run(std::string_view sql, Parameters parameters) {
  std::int64_t changed = 0;
  execute(sql, parameters, &changed);
  return changed;
}

std::vector<Row> SqliteConnection::rows(std::string_view sql, Parameters parameters) {
  return execute(sql, parameters, nullptr);
}

void SqliteConnection::before_commit(std::function<Result<void>()> ready) {
  if (use_ == Use::reading) throw StoreError("a transaction that reads has no commit", false);
  preparations_.push_back(std::move(ready));
}

bool SqliteConnection::in_transaction() {
  return sqlite_api::sqlite3_get_autocommit(handle(session_)) == 0;
}

std::int64_t SqliteConnection::rows_changed() {
  return sqlite_api::sqlite3_total_changes64(handle(session_));
}

void SqliteConnection::roll_back() noexcept {
  try {
    if (in_transaction()) run("ROLLBACK");
  } catch (const std::exception&) {
  }
}

}  // namespace imp::db
