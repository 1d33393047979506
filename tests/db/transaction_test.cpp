#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <barrier>
#include <fstream>
#include <latch>
#include <stdexcept>
#include <thread>

#include "db/open_store.h"

namespace imp::db {
namespace {

using testing::HasSubstr;

class TransactionTest : public OnFileAndInMemory {
 protected:
  TransactionTest() { EXPECT_TRUE(run(*store_, "CREATE TABLE t (id BIGINT PRIMARY KEY)")); }
  std::int64_t count() { return number(*store_, "SELECT COUNT(*) FROM t"); }
};
INSTANTIATE_TEST_SUITE_P(Stores, TransactionTest, testing::Values("file", "memory"));

void insert(Session& session, std::int64_t id) {
  session.run("INSERT INTO t (id) VALUES (:p1)", {id});
}

TEST_P(TransactionTest, AReadAfterAWriteSeesIt) {
  for (std::int64_t id = 1; id <= 50; ++id) {
    ASSERT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (:p1)", {id}));
    ASSERT_EQ(count(), id);
  }
}

TEST_P(TransactionTest, ARefusalKeepsNothingAndIsPassedOn) {
  const auto done = store_->write([](Session& session) -> Result<int> {
    insert(session, 1);
    return refuse(StoreRefusal::broken, "no", "because");
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "no");
  EXPECT_EQ(done.error().detail, "because");
  EXPECT_EQ(count(), 0);
}

TEST_P(TransactionTest, AStoreErrorKeepsNothing) {
  const auto done = store_->write([](Session& session) -> Result<int> {
    insert(session, 1);
    insert(session, 1);
    return 1;
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), "store_broken");
  EXPECT_EQ(done.error().kind(), FailureKind::internal);
  EXPECT_EQ(count(), 0);
}

TEST_P(TransactionTest, AnyOtherExceptionIsThrownToTheCallerAfterTheRollback) {
  const auto write = [&] {
    return store_->write([](Session& session) -> Result<int> {
      insert(session, 1);
      throw std::out_of_range("body");
    });
  };
  EXPECT_THROW(write(), std::out_of_range);
  const auto write_number = [&] { return store_->write([](Session&) -> Result<int> { throw 5; }); };
  EXPECT_THROW(write_number(), int);
  const auto read = [&] {
    return store_->read([](Session&) -> Result<int> { throw std::out_of_range("body"); });
  };
  EXPECT_THROW(read(), std::out_of_range);
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (1)"));
}

TEST_P(TransactionTest, AReadCannotChangeAnything) {
  const auto done = store_->read([](Session& session) -> Result<int> {
    insert(session, 1);
    return 1;
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (1)"));
}

TEST_P(TransactionTest, AFailureOfAReadIsPassedOn) {
  const auto done = store_->read(
      [](Session&) -> Result<int> { return refuse(StoreRefusal::broken, "not for you"); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "not for you");
}

// Each of these would wait for the thread it runs on.
TEST_P(TransactionTest, ATransactionInsideATransactionIsRefusedInsteadOfWaitingForItself) {
  const auto nested_write = [&](Session& session) -> Result<int> {
    insert(session, 1);
    return store_->write([](Session&) -> Result<int> { return 1; });
  };
  const auto nested_read = [&](Session&) -> Result<int> {
    return store_->read([](Session&) -> Result<int> { return 1; });
  };
  for (const auto& done :
       {store_->write(nested_write), store_->write(nested_read), store_->read(nested_read)}) {
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code(), "store_nested");
    EXPECT_THAT(done.error().detail, HasSubstr("its own session"));
  }
  EXPECT_EQ(count(), 0);
  EXPECT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (1)"));
}

TEST_P(TransactionTest, ABodyThatEndsTheTransactionItselfIsRefused) {
  EXPECT_FALSE(run(*store_, "COMMIT"));
  EXPECT_FALSE(run(*store_, "ROLLBACK"));
  EXPECT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (1)"));
  EXPECT_EQ(count(), 1);
}

TEST_P(TransactionTest, AfterStopEverythingIsRefused) {
  ASSERT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (1)"));
  store_->stop();
  store_->stop();
  const auto written = run(*store_, "INSERT INTO t (id) VALUES (2)");
  const auto read = store_->read([](Session&) -> Result<int> { return 1; });
  ASSERT_FALSE(written);
  ASSERT_FALSE(read);
  EXPECT_EQ(written.error().code(), "store_stopping");
  EXPECT_EQ(written.error().kind(), FailureKind::unavailable);
  EXPECT_EQ(read.error().code(), "store_stopping");
}

TEST_P(TransactionTest, StopFinishesWhatIsQueued) {
  std::latch running(1);
  std::latch go_on(1);
  std::atomic<int> written = 0;
  std::vector<std::jthread> writers;
  writers.emplace_back([&] {
    const auto done = store_->write([&](Session& session) -> Result<int> {
      running.count_down();
      go_on.wait();
      insert(session, 0);
      return 1;
    });
    if (done) ++written;
  });
  running.wait();
  std::atomic<int> refused = 0;
  for (int id = 1; id <= 8; ++id) {
    writers.emplace_back([&, id] {
      const auto done = run(*store_, "INSERT INTO t (id) VALUES (:p1)", {std::int64_t{id}});
      if (done) {
        ++written;
      } else if (done.error().code() == "store_stopping") {
        ++refused;
      }
    });
  }
  std::jthread stopper([&] { store_->stop(); });
  go_on.count_down();
  stopper.join();
  writers.clear();
  EXPECT_EQ(written + refused, 9);
  EXPECT_GE(written, 1);
  if (path() != ":memory:") {
    store_ = open_or_abort({.path = path()});
    EXPECT_EQ(count(), written);
  }
}

TEST_P(TransactionTest, CountersDoNotLoseUpdates) {
  ASSERT_TRUE(run(*store_, "CREATE TABLE counter (n BIGINT)"));
  ASSERT_TRUE(run(*store_, "INSERT INTO counter (n) VALUES (0)"));
  std::vector<std::jthread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&] {
      for (int k = 0; k < 50; ++k) {
        const auto done = store_->write([](Session& session) -> Result<int> {
          const std::int64_t n = session.row("SELECT n FROM counter")->integer(0);
          session.run("UPDATE counter SET n = :p1", {n + 1});
          return 1;
        });
        EXPECT_TRUE(done);
      }
    });
  }
  writers.clear();
  EXPECT_EQ(number(*store_, "SELECT n FROM counter"), 400);
}

class FileTransactionTest : public testing::Test {
 protected:
  test::TemporaryDirectory directory_;
  std::unique_ptr<Database> store_ = open_or_abort({.path = directory_.file("store.db")});
};

TEST_F(FileTransactionTest, ReadersRunAtTheSameTimeAndDuringAWrite) {
  ASSERT_TRUE(run(*store_, "CREATE TABLE t (id BIGINT)"));
  std::barrier together(5);  // passes only when four readers and the writer are inside at once
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto done = store_->read([&](Session& session) -> Result<std::int64_t> {
        const std::int64_t seen = session.row("SELECT COUNT(*) FROM t")->integer(0);
        together.arrive_and_wait();
        return seen;
      });
      EXPECT_EQ(done, 0);  // what is not committed is not seen
    });
  }
  const auto done = store_->write([&](Session& session) -> Result<int> {
    insert(session, 1);
    together.arrive_and_wait();
    return 1;
  });
  EXPECT_TRUE(done);
}

TEST_F(FileTransactionTest, AReadSeesOneSnapshot) {
  ASSERT_TRUE(run(*store_, "CREATE TABLE t (id BIGINT)"));
  const auto counts =
      store_->read([&](Session& session) -> Result<std::pair<std::int64_t, std::int64_t>> {
        const std::int64_t before = session.row("SELECT COUNT(*) FROM t")->integer(0);
        std::jthread([&] { EXPECT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (1)")); }).join();
        return std::pair(before, session.row("SELECT COUNT(*) FROM t")->integer(0));
      });
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->first, 0);
  EXPECT_EQ(counts->second, 0);
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM t"), 1);
}

TEST_F(FileTransactionTest, MoreReadersThanConnectionsTakeTurns) {
  ASSERT_TRUE(run(*store_, "CREATE TABLE t (id BIGINT)"));
  std::vector<std::jthread> readers;
  std::atomic<int> done = 0;
  for (int i = 0; i < 16; ++i) {
    readers.emplace_back([&] {
      for (int k = 0; k < 20; ++k) done += number(*store_, "SELECT COUNT(*) FROM t") == 0;
    });
  }
  readers.clear();
  EXPECT_EQ(done, 320);
}

TEST_F(FileTransactionTest, TheFileIsPrivateAndSyncedInFull) {
  struct stat info{};
  for (const char* name : {"store.db", "store.db-wal"}) {
    ASSERT_EQ(::stat(directory_.file(name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
  constexpr int kFull = 2;
  const auto level = store_->write([](Session& session) -> Result<std::int64_t> {
    return session.row("PRAGMA synchronous")->integer(0);
  });
  EXPECT_EQ(level, kFull);
}

TEST_F(FileTransactionTest, TwoProcessesMayUseOneFile) {
  ASSERT_TRUE(run(*store_, "CREATE TABLE t (id BIGINT)"));
  const auto other = open_or_abort({.path = directory_.file("store.db")});
  std::vector<std::jthread> writers;
  for (Database* store : {store_.get(), other.get()}) {
    writers.emplace_back([store] {
      for (int i = 0; i < 50; ++i) EXPECT_TRUE(run(*store, "INSERT INTO t (id) VALUES (1)"));
    });
  }
  writers.clear();
  EXPECT_EQ(number(*other, "SELECT COUNT(*) FROM t"), 100);
}

TEST(OpenSqlite, PathsThatSociWouldMisread) {
  const test::TemporaryDirectory directory;
  for (const char* name : {"a=b.db", "with space.db", "two  spaces = x.db", "db=x timeout=1.db"}) {
    const auto store = open_or_abort({.path = directory.file(name)});
    ASSERT_TRUE(run(*store, "CREATE TABLE t (id BIGINT)")) << name;
    EXPECT_TRUE(std::filesystem::file_size(directory.file(name)) > 0 ||
                std::filesystem::file_size(directory.file(name) + "-wal") > 0)
        << name;
  }
}

TEST(OpenSqlite, SaysWhyItCannotOpen) {
  const test::TemporaryDirectory directory;
  std::ofstream(directory.file("text.db")) << std::string(5000, 'x');
  for (const std::string& path : {directory.file("absent/store.db"), directory.path().string(),
                                  directory.file("text.db"), directory.file("a\"b.db")}) {
    const auto store = open_sqlite({.path = path});
    ASSERT_FALSE(store) << path;
    EXPECT_EQ(store.error().code(), "store_broken");
    EXPECT_THAT(store.error().message, HasSubstr(path));
    EXPECT_FALSE(store.error().detail.empty());
  }
}

}  // namespace
}  // namespace imp::db
