#include "db/sqlite_checkpointer.h"

namespace imp::db {

SqliteCheckpointer::SqliteCheckpointer(const std::string& path)
    : connection_(path, SqliteConnection::Use::reading), thread_([this] { work(); }) {}

SqliteCheckpointer::~SqliteCheckpointer() { stop(); }

void SqliteCheckpointer::wake() {
  {
    const std::lock_guard lock(mutex_);
    if (wanted_) return;
    wanted_ = true;
  }
  wanted_changed_.notify_one();
}

void SqliteCheckpointer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wanted_changed_.notify_one();
  std::call_once(joined_, [this] { thread_.join(); });
}

void SqliteCheckpointer::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wanted_changed_.wait(lock, [this] { return stopping_ || wanted_; });
    if (stopping_) return;
    lock.unlock();
    try {
      connection_.rows("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (const StoreError&) {
      // A full disk: the log holds everything, and the writer meets the same error in its turn.
    }
    lock.lock();
    wanted_ = false;
  }
}

}  // namespace imp::db
