#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/error_text.h"
#include "db/body_scope.h"
#include "db/failures.h"
#include "db/migrations.h"
#include "db/sqlite_checkpointer.h"
#include "db/sqlite_readers.h"
#include "db/sqlite_writer.h"

namespace imp::db {

namespace {

constexpr std::string_view kInMemory = ":memory:";

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(const SqliteOptions& options) : writer_(options) {
    // The writer comes first: it makes the file and turns it to WAL mode. A database in memory
    // belongs to its one connection, so there its reads queue for the writer's.
    if (options.path == kInMemory) return;
    readers_.emplace(options.path, options.readers);
    checkpointer_.emplace(options.path);
    writer_.when_log_is_long([this] { checkpointer_->wake(); });
  }
  ~SqliteDatabase() override { stop(); }

  Result<void> migrate(const std::vector<Migration>& migrations) override {
    return apply_migrations([this](const auto& body) { return run_write(body); }, migrations);
  }

  void stop() override {
    writer_.stop();
    if (readers_) readers_->stop();
    if (checkpointer_) checkpointer_->stop();
  }

 protected:
  Result<void> run_read(const std::function<bool(Session&)>& body) override {
    if (const auto outside = BodyScope::refuse_inside(); !outside) return outside;
    if (!readers_) return writer_.run(body, SqliteWriter::Access::read);
    return readers_->run(body);
  }

  Result<void> run_write(const std::function<bool(Session&)>& body) override {
    if (const auto outside = BodyScope::refuse_inside(); !outside) return outside;
    return writer_.run(body, SqliteWriter::Access::write);
  }

  void run_write_later(std::function<bool(Session&)> body,
                       std::function<void(const Result<void>&)> ended, Repeat repeat) override {
    writer_.run_later(std::move(body), std::move(ended), repeat);
  }

 private:
  SqliteWriter writer_;
  std::optional<SqliteReaders> readers_;
  std::optional<SqliteCheckpointer> checkpointer_;
};

// SQLite would make the file readable for everybody the umask allows, and gives its log files the
// mode of the database.
void make_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) throw StoreError(path + ": " + error_text(errno), false);
  ::close(file);
}

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options) {
  try {
    if (options.path != kInMemory) make_private_file(options.path);
    return std::make_unique<SqliteDatabase>(options);
  } catch (const StoreError& error) {
    return refuse(
        StoreRefusal::broken,
        "The database \"" + options.path +
            "\" could not be opened. See that its folder exists, that this user may write "
            "to it, and that the file is an SQLite database.",
        error.what());
  }
}

}  // namespace imp::db
