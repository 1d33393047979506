#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/failure.h"

namespace imp::db {

/// A parameter of a statement. Times are integer milliseconds, booleans 0 and 1. Text is UTF-8
/// without NUL, which is what both engines can keep; anything else is a StoreError.
using Value = std::variant<std::monostate, std::int64_t, std::string>;

/// The parameters of one call, as `{a, b}` or a vector: a view, good until the call returns.
class Parameters {
 public:
  Parameters() = default;
  Parameters(std::initializer_list<Value> values) : values_(values.begin(), values.size()) {}
  Parameters(const std::vector<Value>& values) : values_(values) {}
  std::span<const Value> values() const { return values_; }

 private:
  std::span<const Value> values_;
};

/// One row of a result. Column numbers start at 0.
class Row {
 public:
  explicit Row(std::vector<std::optional<std::string>> columns) : columns_(std::move(columns)) {}
  bool null(std::size_t column) const { return !columns_.at(column).has_value(); }
  /// 0 for null; a StoreError when the column does not hold a 64-bit integer.
  std::int64_t integer(std::size_t column) const;
  bool flag(std::size_t column) const { return integer(column) != 0; }
  const std::string& text(std::size_t column) const;  ///< "" for null
  std::optional<std::string> maybe_text(std::size_t column) const { return columns_.at(column); }
  std::optional<std::int64_t> maybe_integer(std::size_t column) const;

 private:
  std::vector<std::optional<std::string>> columns_;
};

/// Thrown by Session and caught by Database::read and Database::write alone: code inside a
/// transaction is written as if statements could not fail, and a broken store rolls it back.
class StoreError : public std::exception {
 public:
  StoreError(std::string what, bool unique_violation)
      : what_(std::move(what)), unique_violation_(unique_violation) {}
  const char* what() const noexcept override { return what_.c_str(); }
  bool unique_violation() const { return unique_violation_; }

 private:
  std::string what_;
  bool unique_violation_;
};

/// A connection inside one transaction. SQL is the common subset of SQLite and PostgreSQL, with
/// parameters named :p1, :p2, … in order, each used at least once. Statements are prepared once per
/// connection and kept. Constraints must not be deferred: a group of writers has one commit, and a
/// commit that fails refuses all of them.
class Session {
 public:
  virtual ~Session() = default;
  /// Runs a statement; returns how many rows it changed.
  virtual std::int64_t run(std::string_view sql, Parameters parameters = {}) = 0;
  virtual std::vector<Row> rows(std::string_view sql, Parameters parameters = {}) = 0;
  /// The first row, or nothing.
  std::optional<Row> row(std::string_view sql, Parameters parameters = {});
  /// Runs an INSERT whose unique key may be taken already: true when the row was added. Write it
  /// with "ON CONFLICT DO NOTHING".
  bool insert_if_absent(std::string_view sql, Parameters parameters = {}) {
    return run(sql, parameters) == 1;
  }
  /// Before this write transaction is committed, `ready` is called, once its body and those that
  /// share the commit have been run: for what must be durable outside of the database before the
  /// database names it. It may wait for a disk. When it fails, none of them is kept, as when a
  /// commit fails. Not called when the body's changes are undone.
  virtual void before_commit(std::function<Result<void>()> ready) = 0;
};

/// One step of the schema. Each module lists its own; the name ("accounts/1": what stands before
/// the last slash is the module) is recorded when done.
struct Migration {
  std::string name;
  std::string sql;  ///< statements, each ended by ';' at the end of a line; -- lines are comments
};

/// The refusals of this module.
enum class StoreRefusal {
  broken,           ///< the store could not be opened, read or written; nothing was changed
  stopping,         ///< the server is stopping and takes no more transactions
  nested,           ///< a transaction's body called the database itself: a programming error
  unknown_schema,   ///< the database was written by a newer version
  migration_failed  ///< a step of the schema failed, and was undone
};
Reason reason(StoreRefusal refusal);

/// Whether the body of a write transaction may be run again from its beginning, after what it did
/// was undone. Then it needs no savepoint of its own. It must leave nothing behind but by its
/// session, where it only inserts, updates and deletes, and must do as well the second time: so it
/// takes nothing out of what it was given.
enum class Repeat { never, allowed };

/// A store with serialised writers and concurrent readers. Thread-safe.
class Database {
 public:
  virtual ~Database() = default;

  /// Runs `body` in a read transaction: one consistent snapshot. A failure it returns is passed on.
  template <class Body>
  auto read(Body&& body) -> std::invoke_result_t<Body, Session&> {
    return in_transaction<std::invoke_result_t<Body, Session&>>(body, &Database::run_read);
  }

  /// Runs `body` in a write transaction. When it returns a value, the value is passed on after the
  /// changes are durable; when it returns a failure, nothing of it is kept. `body` may run on
  /// another thread, together with other writers' bodies in one commit; it must not block on
  /// anything else and must not call the database but through its session.
  template <class Body>
  auto write(Body&& body) -> std::invoke_result_t<Body, Session&> {
    return in_transaction<std::invoke_result_t<Body, Session&>>(body, &Database::run_write);
  }

  /// write() without waiting. `done` gets what write() would have returned, on a thread of the
  /// database (or on the caller's, when nothing could be queued), after the changes are durable. It
  /// must be short, must not throw, and may call the database only by write_later(). An exception
  /// of the body is a StoreRefusal::broken. Both are destroyed on the thread that runs them.
  template <class Body, class Done>
  void write_later(Body body, Done done, Repeat repeat = Repeat::never) {
    using R = std::invoke_result_t<Body&, Session&>;
    struct Work {
      Body body;
      Done done;
      std::optional<R> result;
    };
    const auto work = std::make_shared<Work>(std::move(body), std::move(done), std::nullopt);
    run_write_later(
        [work](Session& session) {
          work->result.emplace(work->body(session));
          return work->result->has_value();
        },
        [work](const Result<void>& ended) {
          if (ended) {
            work->done(std::move(*work->result));
          } else {
            work->done(R(std::unexpected(ended.error())));
          }
        },
        repeat);
  }

  /// Brings the schema up to date; each migration in its own transaction, in the order given. Those
  /// done already are left out. Refuses a database that has a step of one of these modules that is
  /// not in the list: a newer version made it.
  virtual Result<void> migrate(const std::vector<Migration>& migrations) = 0;

  /// Finishes the transactions that run or wait, and refuses later ones with `stopping`. The
  /// destructor does it too, but by then nobody may be calling any more.
  virtual void stop() = 0;

 protected:
  /// Runs `body` once; commits when it returns true, rolls back when false. A StoreError, from the
  /// body or the commit, comes back as a failure of kind internal. Any other exception of the body
  /// is thrown on to the caller once the transaction is rolled back.
  virtual Result<void> run_read(const std::function<bool(Session&)>& body) = 0;
  virtual Result<void> run_write(const std::function<bool(Session&)>& body) = 0;
  /// Here: as run_write(), once, on the caller's thread.
  virtual void run_write_later(std::function<bool(Session&)> body,
                               std::function<void(const Result<void>&)> ended, Repeat repeat);

 private:
  template <class R, class Body>
  R in_transaction(Body& body,
                   Result<void> (Database::*run)(const std::function<bool(Session&)>&)) {
    std::optional<R> result;
    const Result<void> done = (this->*run)([&](Session& session) {
      result.emplace(body(session));
      return result->has_value();
    });
    if (!done) return std::unexpected(done.error());
    return std::move(*result);
  }
};

/// SQLite in WAL mode with synchronous=FULL: one writer thread that commits queued transactions in
/// groups (one fsync for all), and a pool of readers. `path` may be ":memory:"
/// for tests (then readers share the writer's connection). A new file gets mode 0600. Another
/// process may use the same file; each waits up to ten seconds for the other's writer.
struct SqliteOptions {
  std::string path;
  unsigned readers = 4;
  std::size_t group_limit = 256;  ///< transactions per commit
  /// Told after each commit how many transactions it ended; called on the writer's thread.
  std::function<void(std::size_t transactions)> on_commit = {};
};
Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options);

}  // namespace imp::db
