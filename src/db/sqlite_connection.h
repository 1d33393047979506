#pragma once

#include <soci/soci.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "db/database.h"
#include "db/statement.h"

namespace imp::db {

/// One connection to an SQLite database. Used by one thread at a time.
class SqliteConnection final : public Session {
 public:
  enum class Use { writing, reading };
  /// Throws StoreError. A reading connection refuses every change.
  SqliteConnection(const std::string& path, Use use);

  std::int64_t run(std::string_view sql, Parameters parameters = {}) override;
  std::vector<Row> rows(std::string_view sql, Parameters parameters = {}) override;
  /// Throws StoreError on a reading connection.
  void before_commit(std::function<Result<void>()> ready) override;

  using Preparations = std::vector<std::function<Result<void>()>>;
  /// What before_commit() was given since this was called last: it is for the caller to do.
  Preparations take_preparations() { return std::exchange(preparations_, {}); }

  /// False when no transaction is open. SQLite ends one by itself on some errors (disk full, I/O).
  bool in_transaction();
  /// How many rows were inserted, updated and deleted since the connection was opened, also by what
  /// was undone since.
  std::int64_t rows_changed();
  /// Ends an open transaction without keeping anything. Never throws: what cannot be rolled back
  /// makes the next BEGIN fail.
  void roll_back() noexcept;

  /// Called after a commit while the log is long and is to be copied into the database by somebody;
  /// one that grows twice as long is copied in the commit. Without it SQLite copies in commits.
  void when_log_is_long(std::function<void()> tell);

  std::size_t kept_statements() const { return statements_.size(); }

 private:
  std::vector<Row> execute(std::string_view sql, Parameters parameters, std::int64_t* changed);

  const Use use_;
  soci::session session_;
  Statements statements_;
  std::function<void()> log_is_long_;
  Preparations preparations_;
};

}  // namespace imp::db
