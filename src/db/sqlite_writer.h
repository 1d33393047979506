#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "db/database.h"
#include "db/sqlite_connection.h"

namespace imp::db {

/// The one thread that writes. It takes the queued transactions, runs each so that it can be undone
/// alone, commits them together, and only then answers their callers: also those whose body
/// refused, because what they saw may have come from a neighbour that is not durable before the
/// commit.
///
/// Each has a savepoint, but for those that may be repeated: of these, all that follow one another
/// share one, since for each savepoint SQLite keeps a copy of each page that is changed after it.
/// When one of them fails and has changed something, all are undone and run again, each in a
/// savepoint of its own.
class SqliteWriter {
 public:
  using Body = std::function<bool(Session&)>;
  enum class Access { write, read };

  /// Throws StoreError when the database cannot be opened.
  explicit SqliteWriter(const SqliteOptions& options);
  ~SqliteWriter();

  /// Queues a transaction and waits for its end. A read (only of a database in memory) is rolled
  /// back and refused any change.
  Result<void> run(const Body& body, Access access);
  /// Queues a transaction that writes. `ended` is called on the writer's thread after the commit,
  /// or at once on the caller's when the database is stopping.
  void run_later(Body body, std::function<void(const Result<void>&)> ended, Repeat repeat);
  /// Finishes what is queued and refuses the rest.
  void stop();
  /// Told on the writer's thread, after a commit, while the log is long. Before the first run().
  void when_log_is_long(std::function<void()> tell) {
    connection_.when_log_is_long(std::move(tell));
  }

 private:
  struct Job {
    Body body;
    Access access;
    Repeat repeat = Repeat::never;
    /// Told the result, or what the body threw.
    std::move_only_function<void(Result<void>, std::exception_ptr)> ended;
    bool keep = false;  ///< what the body returned
    SqliteConnection::Preparations preparations = {};
    Result<void> result = {};
    std::exception_ptr thrown = nullptr;
  };

  /// False, leaving the job as it was, when the database is stopping.
  bool enqueue(Job& job);
  void work();
  std::optional<Job> wait_for_job();
  std::optional<Job> next_job();
  void run_group(Job first);
  bool commit_group(std::vector<Job>& group);
  /// Runs the last one of the group; `stretch` is how many before it share the open savepoint.
  void run_last(std::vector<Job>& group, std::size_t& stretch);
  void end_stretch(std::size_t& stretch);
  void run_in_savepoint(Job& job);
  void call_body(Job& job);
  void prepare_commit(const std::vector<Job>& group);
  void require_transaction(const Job& job);

  const std::size_t group_limit_;
  const std::function<void(std::size_t)> on_commit_;
  SqliteConnection connection_;

  std::mutex mutex_;
  std::condition_variable queued_;
  std::deque<Job> queue_;
  bool stopping_ = false;
  std::once_flag joined_;
  std::thread thread_;
};

}  // namespace imp::db
