#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "db/database.h"
#include "db/sqlite_connection.h"

namespace imp::db {

/// A fixed number of reading connections. Each transaction borrows one and waits while all are
/// lent.
class SqliteReaders {
 public:
  /// Throws StoreError when the database cannot be opened.
  SqliteReaders(const std::string& path, unsigned count);
  ~SqliteReaders();

  Result<void> run(const std::function<bool(Session&)>& body);
  /// Waits for the transactions that run, and refuses the rest.
  void stop();

 private:
  SqliteConnection* borrow();  ///< null when stopping
  void give_back(SqliteConnection* connection);

  std::vector<std::unique_ptr<SqliteConnection>> connections_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<SqliteConnection*> free_;
  bool stopping_ = false;
};

}  // namespace imp::db
