#include "db/sqlite_readers.h"

#include <algorithm>

#include "db/body_scope.h"
#include "db/failures.h"

namespace imp::db {

SqliteReaders::SqliteReaders(const std::string& path, unsigned count) {
  for (unsigned i = 0; i < std::max(count, 1u); ++i) {
    connections_.push_back(
        std::make_unique<SqliteConnection>(path, SqliteConnection::Use::reading));
    free_.push_back(connections_.back().get());
  }
}

SqliteReaders::~SqliteReaders() { stop(); }

SqliteConnection* SqliteReaders::borrow() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [this] { return stopping_ || !free_.empty(); });
  if (stopping_) return nullptr;
  // The one given back last has the warmest cache.
  SqliteConnection* connection = free_.back();
  free_.pop_back();
  return connection;
}

void SqliteReaders::give_back(SqliteConnection* connection) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(connection);
  }
  // One connection came free, so one waiter can go on; waking all of them would cost more than
  // their reads.
  freed_.notify_one();
}

Result<void> SqliteReaders::run(const std::function<bool(Session&)>& body) {
  SqliteConnection* connection = borrow();
  if (!connection) return stopping();
  // Ends the transaction and gives the connection back, whatever the body throws.
  const auto end = [this](SqliteConnection* borrowed) {
    borrowed->roll_back();
    give_back(borrowed);
  };
  const std::unique_ptr<SqliteConnection, decltype(end)> borrowed(connection, end);
  try {
    connection->run("BEGIN DEFERRED");
    const BodyScope inside;
    body(*connection);
    return {};
  } catch (const StoreError& error) {
    return broken(error);
  }
}

void SqliteReaders::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  freed_.notify_all();
  // Nobody else waits any more, so whoever gives back wakes this.
  freed_.wait(lock, [this] { return free_.size() == connections_.size(); });
}

}  // namespace imp::db
