#include "db/sqlite_writer.h"

#include <algorithm>
#include <span>

#include "db/body_scope.h"
#include "db/failures.h"

namespace imp::db {

SqliteWriter::SqliteWriter(const SqliteOptions& options)
    : group_limit_(std::max<std::size_t>(options.group_limit, 1)),
      on_commit_(options.on_commit),
      connection_(options.path, SqliteConnection::Use::writing),
      thread_([this] { work(); }) {}

SqliteWriter::~SqliteWriter() { stop(); }

Result<void> SqliteWriter::run(const Body& body, Access access) {
  std::promise<Result<void>> promise;
  std::future<Result<void>> answer = promise.get_future();
  Job job{.body = std::ref(body),
          .access = access,
          .ended = [promise = std::move(promise)](Result<void> result,
                                                  const std::exception_ptr& thrown) mutable {
            if (thrown) {
              promise.set_exception(thrown);
            } else {
              promise.set_value(std::move(result));
            }
          }};
  if (!enqueue(job)) return stopping();
  return answer.get();
}

void SqliteWriter::run_later(Body body, std::function<void(const Result<void>&)> ended,
                             Repeat repeat) {
  Job job{.body = std::move(body),
          .access = Access::write,
          .repeat = repeat,
          .ended = [ended](const Result<void>& result, const std::exception_ptr& thrown) {
            ended(thrown ? broken(thrown) : result);
          }};
  if (!enqueue(job)) ended(stopping());
}

bool SqliteWriter::enqueue(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    queue_.push_back(std::move(job));
  }
  queued_.notify_one();
  return true;
}

void SqliteWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  queued_.notify_one();
  std::call_once(joined_, [this] { thread_.join(); });
}

void SqliteWriter::work() {
  while (std::optional<Job> job = wait_for_job()) run_group(std::move(*job));
}

std::optional<SqliteWriter::Job> SqliteWriter::wait_for_job() {
  std::unique_lock lock(mutex_);
  queued_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  if (queue_.empty()) return std::nullopt;
  std::optional<Job> job(std::move(queue_.front()));
  queue_.pop_front();
  return job;
}

std::optional<SqliteWriter::Job> SqliteWriter::next_job() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return std::nullopt;
  std::optional<Job> job(std::move(queue_.front()));
  queue_.pop_front();
  return job;
}

void SqliteWriter::run_group(Job first) {
  std::vector<Job> group;
  group.push_back(std::move(first));
  if (commit_group(group) && on_commit_) on_commit_(group.size());
  for (Job& job : group) job.ended(std::move(job.result), job.thrown);
}

bool SqliteWriter::commit_group(std::vector<Job>& group) {
  try {
    std::size_t stretch = 0;
    connection_.run("BEGIN IMMEDIATE");
    run_last(group, stretch);
    // Whoever comes while the group runs still joins it.
    while (group.size() < group_limit_) {
      std::optional<Job> next = next_job();
      if (!next) break;
      group.push_back(std::move(*next));
      run_last(group, stretch);
    }
    end_stretch(stretch);
    prepare_commit(group);
    connection_.run("COMMIT");
    return true;
  } catch (const std::exception& error) {
    connection_.roll_back();
    for (Job& job : group) {
      // Those that failed already have a reason of their own.
      if (job.result && !job.thrown) job.result = broken(error);
    }
    return false;
  }
}

void SqliteWriter::run_last(std::vector<Job>& group, std::size_t& stretch) {
  Job& job = group.back();
  if (job.repeat == Repeat::never) {
    end_stretch(stretch);
    return run_in_savepoint(job);
  }
  if (stretch == 0) connection_.run("SAVEPOINT stretch");
  ++stretch;
  const std::int64_t changed_before = connection_.rows_changed();
  call_body(job);
  require_transaction(job);
  if (job.keep || connection_.rows_changed() == changed_before) return;
  connection_.run("ROLLBACK TO SAVEPOINT stretch");
  const auto again = std::span(group).last(stretch);
  end_stretch(stretch);
  for (Job& one : again) run_in_savepoint(one);
}

void SqliteWriter::end_stretch(std::size_t& stretch) {
  if (stretch > 0) connection_.run("RELEASE SAVEPOINT stretch");
  stretch = 0;
}

void SqliteWriter::run_in_savepoint(Job& job) {
  connection_.run("SAVEPOINT job");
  call_body(job);
  require_transaction(job);
  const bool keep = job.access == Access::write && job.keep;
  if (!keep) connection_.run("ROLLBACK TO SAVEPOINT job");
  connection_.run("RELEASE SAVEPOINT job");
}

void SqliteWriter::call_body(Job& job) {
  const bool reading = job.access == Access::read;
  job.keep = false;
  job.result = {};
  job.thrown = nullptr;
  if (reading) connection_.run("PRAGMA query_only=ON");
  try {
    const BodyScope inside;
    job.keep = job.body(connection_);
  } catch (const StoreError& error) {
    job.result = broken(error);
  } catch (...) {
    job.thrown = std::current_exception();
  }
  job.preparations = connection_.take_preparations();
  if (reading) connection_.run("PRAGMA query_only=OFF");
}

void SqliteWriter::prepare_commit(const std::vector<Job>& group) {
  for (const Job& job : group) {
    if (!job.keep) continue;
    for (const auto& ready : job.preparations) {
      if (const auto done = ready(); !done) throw StoreError(done.error().detail, false);
    }
  }
}

// A full disk or an I/O error can end the whole transaction, and the jobs before this one with it.
void SqliteWriter::require_transaction(const Job& job) {
  if (connection_.in_transaction()) return;
  throw StoreError("the transaction was given up after another writer's error: " +
                       (job.result ? std::string("unknown") : job.result.error().detail),
                   false);
}

}  // namespace imp::db
