#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "db/sqlite_connection.h"

namespace imp::db {

/// Copies the log into the database beside the writer, on a thread and a connection of its own (a
/// passive checkpoint, https://www.sqlite.org/wal.html#ckpt). Left to the writer, the commit that
/// has to do it holds up everybody for as long as writing and syncing thousands of pages takes.
class SqliteCheckpointer {
 public:
  /// Throws StoreError when the database cannot be opened.
  explicit SqliteCheckpointer(const std::string& path);
  ~SqliteCheckpointer();

  /// The log is long. Returns at once; what is under way already is enough.
  void wake();
  void stop();

 private:
  void work();

  SqliteConnection connection_;
  std::mutex mutex_;
  std::condition_variable wanted_changed_;
  bool wanted_ = false;
  bool stopping_ = false;
  std::once_flag joined_;
  std::thread thread_;
};

}  // namespace imp::db
