#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <set>
#include <thread>

#include "db/open_store.h"

namespace imp::db {
namespace {

constexpr int kWriters = 4;

/// Writes one transaction after the other (an order and its three lines) and reports the number of
/// each that was acknowledged. Never returns.
[[noreturn]] void write_until_killed(const std::string& path, std::int64_t first, int report) {
  auto store = open_sqlite({.path = path});
  if (!store) ::_exit(1);
  std::vector<std::jthread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&, i] {
      for (std::int64_t id = first + i;; id += kWriters) {
        const auto done = (*store)->write([&](Session& session) -> Result<int> {
          session.run("INSERT INTO orders (id) VALUES (:p1)", {id});
          for (std::int64_t line = 0; line < 3; ++line) {
            session.run("INSERT INTO lines (order_id, line) VALUES (:p1, :p2)", {id, line});
          }
          return 1;
        });
        if (!done || ::write(report, &id, sizeof id) != sizeof id) ::_exit(1);
      }
    });
  }
  writers.clear();
  ::_exit(1);
}

/// Runs the writer in a child, kills it some time after its first report, and returns the reports.
std::set<std::int64_t> acknowledged_before_kill(const std::string& path, std::int64_t first,
                                                std::chrono::microseconds after) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_until_killed(path, first, ends[1]);
  }
  ::close(ends[1]);
  std::set<std::int64_t> ids;
  std::int64_t id = 0;
  const auto next = [&] { return ::read(ends[0], &id, sizeof id) == sizeof id; };
  if (next()) {
    ids.insert(id);
    // The pipe holds some thousand reports, more than are written meanwhile.
    std::this_thread::sleep_for(after);
  }
  ::kill(child, SIGKILL);
  while (next()) ids.insert(id);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  return ids;
}

TEST(Crash, AfterAKillEveryAcknowledgedTransactionIsThereAndNoneIsHalf) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("store.db");
  {
    const auto store = open_or_abort({.path = path});
    ASSERT_TRUE(run(*store, "CREATE TABLE orders (id BIGINT PRIMARY KEY)"));
    ASSERT_TRUE(run(*store, "CREATE TABLE lines (order_id BIGINT, line BIGINT)"));
  }
  std::mt19937 random(20261123);
  std::uniform_int_distribution<int> microseconds(0, 60'000);
  std::set<std::int64_t> acknowledged;
  for (int round = 0; round < 12; ++round) {
    acknowledged.merge(acknowledged_before_kill(path, std::int64_t{round} * 1'000'000,
                                                std::chrono::microseconds(microseconds(random))));
    const auto store = open_or_abort({.path = path});
    const auto present = store->read([](Session& session) -> Result<std::set<std::int64_t>> {
      std::set<std::int64_t> ids;
      for (const Row& row : session.rows("SELECT id FROM orders")) ids.insert(row.integer(0));
      return ids;
    });
    ASSERT_TRUE(present);
    EXPECT_TRUE(
        std::includes(present->begin(), present->end(), acknowledged.begin(), acknowledged.end()));
    EXPECT_EQ(number(*store,
                     "SELECT COUNT(*) FROM (SELECT o.id FROM orders o LEFT JOIN lines l ON "
                     "l.order_id = o.id GROUP BY o.id HAVING COUNT(l.line) <> 3) broken"),
              0);
    EXPECT_EQ(number(*store, "SELECT COUNT(*) FROM lines"),
              3 * static_cast<std::int64_t>(present->size()));
  }
  EXPECT_GT(acknowledged.size(), 12u);
}

enum DiskFullOutcome {
  kHeld = 0,
  kSetUpFailed = 1,
  kNeverRefused = 2,
  kLostOrHalf = 3,
  kStuck = 4
};

/// In a process of its own, since the limit on the size of files holds for the whole process.
[[noreturn]] void fill_the_disk(const std::string& path) {
  ::signal(SIGXFSZ, SIG_IGN);
  const auto opened = open_sqlite({.path = path});
  if (!opened || !run(**opened, "CREATE TABLE t (id BIGINT, text TEXT)")) ::_exit(kSetUpFailed);
  Database& store = **opened;
  const rlimit small{300'000, RLIM_INFINITY};
  if (::setrlimit(RLIMIT_FSIZE, &small) != 0) ::_exit(kSetUpFailed);
  std::int64_t kept = 0;
  std::int64_t refused = 0;
  for (std::int64_t id = 0; id < 400; ++id) {
    const auto done =
        run(store, "INSERT INTO t (id, text) VALUES (:p1, :p2)", {id, std::string(2'000, 'x')});
    (done ? kept : refused) += 1;
  }
  if (refused == 0 || kept == 0) ::_exit(kNeverRefused);
  if (number(store, "SELECT COUNT(*) FROM t") != kept) ::_exit(kLostOrHalf);
  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
  ::setrlimit(RLIMIT_FSIZE, &none);
  if (!run(store, "INSERT INTO t (id, text) VALUES (1, 'again')")) ::_exit(kStuck);
  ::_exit(kHeld);
}

TEST(DiskFull, WritersAreRefusedNothingIsLostAndItGoesOnOnceThereIsRoom) {
  const test::TemporaryDirectory directory;
  const pid_t child = ::fork();
  if (child == 0) fill_the_disk(directory.file("store.db"));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kHeld);
}

}  // namespace
}  // namespace imp::db
