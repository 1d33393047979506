#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <latch>
#include <mutex>
#include <numeric>
#include <thread>

#include "db/open_store.h"

namespace imp::db {
namespace {

class GroupCommitTest : public testing::Test {
 protected:
  void open(std::size_t group_limit = 256) {
    store_ = open_or_abort({.path = directory_.file("store.db"),
                            .group_limit = group_limit,
                            .on_commit = [this](std::size_t transactions) {
                              const std::lock_guard lock(mutex_);
                              groups_.push_back(transactions);
                            }});
    ASSERT_TRUE(run(*store_, "CREATE TABLE t (id BIGINT PRIMARY KEY)"));
    groups_.clear();
  }

  /// Holds the writer inside a transaction until `count` others have had time to queue behind it.
  template <class Others>
  void while_the_writer_is_busy(Others&& queue_others) {
    std::latch busy(1);
    std::latch go_on(1);
    std::jthread first([&] {
      const auto done = store_->write([&](Session&) -> Result<int> {
        busy.count_down();
        go_on.wait();
        return 1;
      });
      first_succeeded_ = done.has_value();
    });
    busy.wait();
    std::vector<std::jthread> others = queue_others();
    // There is no way to see a caller wait; a late one only makes a second group.
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    go_on.count_down();
  }

  test::TemporaryDirectory directory_{test::TemporaryDirectory::Kind::on_disk};
  std::mutex mutex_;
  std::vector<std::size_t> groups_;
  bool first_succeeded_ = false;
  std::unique_ptr<Database> store_;
};

TEST_F(GroupCommitTest, WhoDoesNotWaitIsToldAfterTheCommit) {
  open();
  std::promise<std::vector<std::string>> told;
  std::vector<std::string> answers;
  const auto insert = [](std::int64_t id) {
    return [id](Session& session) -> Result<std::int64_t> {
      session.run("INSERT INTO t (id) VALUES (:p1)", {id});
      return id;
    };
  };
  const auto note = [&](const Result<std::int64_t>& done) {
    answers.push_back(done ? std::to_string(*done) : std::string(done.error().code()));
    if (answers.size() == 5) told.set_value(answers);
  };
  store_->write_later(insert(1), note);
  store_->write_later(insert(1), note);  // the key is taken
  store_->write_later(
      [](Session&) -> Result<std::int64_t> { throw std::runtime_error("of the body"); }, note);
  store_->write_later(
      [](Session& session) -> Result<std::int64_t> {
        session.run("INSERT INTO t (id) VALUES (3)");
        return refuse(StoreRefusal::nested, "refused by the body");
      },
      note);
  // What is told may ask for more.
  store_->write_later(insert(2), [&](const Result<std::int64_t>&) {
    store_->write_later(
        [](Session& session) -> Result<std::int64_t> {
          return session.row("SELECT SUM(id) FROM t")->integer(0);
        },
        note);
  });
  EXPECT_THAT(told.get_future().get(),
              testing::ElementsAre("1", "store_broken", "store_broken", "store_nested", "3"));
}

TEST_F(GroupCommitTest, WhoComesAfterTheStopIsToldAtOnce) {
  open();
  store_->stop();
  std::string code;
  store_->write_later([](Session&) -> Result<int> { return 1; },
                      [&](const Result<int>& done) { code = done.error().code(); });
  EXPECT_EQ(code, "store_stopping");
}

TEST_F(GroupCommitTest, WhatWasAskedForBeforeTheStopIsDone) {
  open();
  std::atomic<int> done = 0;
  for (std::int64_t id = 0; id < 200; ++id) {
    store_->write_later(
        [id](Session& session) -> Result<int> {
          session.run("INSERT INTO t (id) VALUES (:p1)", {id});
          return 1;
        },
        [&](const Result<int>& written) { done += written ? 1 : 0; });
  }
  store_->stop();
  EXPECT_EQ(done, 200);
}

TEST_F(GroupCommitTest, TheLogDoesNotGrowWithoutEnd) {
  open();
  ASSERT_TRUE(run(*store_, "CREATE TABLE page (id BIGINT PRIMARY KEY, bytes TEXT NOT NULL)"));
  const std::string bytes(20'000, 'x');
  for (std::int64_t id = 0; id < 4'000; ++id) {  // five pages each, without a pause
    ASSERT_TRUE(run(*store_, "INSERT INTO page (id, bytes) VALUES (:p1, :p2)", {id, bytes}));
  }
  // 8,000 pages of 4 KB and their headers, and what came while they were copied.
  EXPECT_LT(std::filesystem::file_size(directory_.file("store.db-wal")), 48u << 20);
}

TEST_F(GroupCommitTest, WritersThatWaitTogetherShareOneCommit) {
  open();
  while_the_writer_is_busy([&] {
    std::vector<std::jthread> others;
    for (std::int64_t id = 1; id <= 20; ++id) {
      others.emplace_back(
          [this, id] { EXPECT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (:p1)", {id})); });
    }
    return others;
  });
  EXPECT_EQ(std::accumulate(groups_.begin(), groups_.end(), std::size_t{0}), 21u);
  EXPECT_EQ(*std::max_element(groups_.begin(), groups_.end()), 21u);
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM t"), 20);
}

TEST_F(GroupCommitTest, ThirtyTwoThreadsNeedFarFewerCommitsThanTransactions) {
  open();
  constexpr int kThreads = 32;
  constexpr int kEach = 40;
  std::vector<std::jthread> writers;
  for (int i = 0; i < kThreads; ++i) {
    writers.emplace_back([this, i] {
      for (int k = 0; k < kEach; ++k) {
        EXPECT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (:p1)", {std::int64_t{i * kEach + k}}));
      }
    });
  }
  writers.clear();
  EXPECT_EQ(std::accumulate(groups_.begin(), groups_.end(), std::size_t{0}), kThreads * kEach);
  EXPECT_LT(groups_.size(), kThreads * kEach / 2);
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM t"), kThreads * kEach);
}

TEST_F(GroupCommitTest, AGroupHasALimit) {
  open(4);
  while_the_writer_is_busy([&] {
    std::vector<std::jthread> others;
    for (std::int64_t id = 1; id <= 20; ++id) {
      others.emplace_back(
          [this, id] { EXPECT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (:p1)", {id})); });
    }
    return others;
  });
  EXPECT_EQ(*std::max_element(groups_.begin(), groups_.end()), 4u);
}

// One transaction's failure is nobody else's: each has a savepoint.
TEST_F(GroupCommitTest, NeighboursOfAFailureAreKept) {
  open();
  std::atomic<int> succeeded = 0;
  std::atomic<int> thrown = 0;
  while_the_writer_is_busy([&] {
    std::vector<std::jthread> others;
    for (std::int64_t id = 1; id <= 24; ++id) {
      others.emplace_back([&, id] {
        try {
          const auto done = store_->write([&](Session& session) -> Result<int> {
            session.run("INSERT INTO t (id) VALUES (:p1)", {id});
            if (id % 4 == 1) return refuse(StoreRefusal::broken, "refused");
            if (id % 4 == 2) session.run("INSERT INTO t (id) VALUES (:p1)", {id});
            if (id % 4 == 3) throw std::runtime_error("body");
            return 1;
          });
          succeeded += done.has_value();
        } catch (const std::runtime_error&) {
          ++thrown;
        }
      });
    }
    return others;
  });
  EXPECT_EQ(succeeded, 6);
  EXPECT_EQ(thrown, 6);
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM t"), 6);
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM t WHERE id % 4 = 0"), 6);
}

// What may be repeated shares a savepoint with its neighbours, and is undone as if it had its own.
class RepeatableTest : public GroupCommitTest {
 protected:
  /// What a transaction does after it has inserted its number, or before.
  enum class Deed { keep, refuse, fail, throw_other, refuse_at_once };

  /// One group of transactions numbered from 1; afterwards the numbers that are kept.
  std::vector<std::int64_t> kept_of(const std::vector<std::pair<Deed, Repeat>>& group) {
    open();
    runs_.assign(group.size() + 1, 0);
    std::atomic<std::size_t> told = 0;
    while_the_writer_is_busy([&] {
      std::int64_t id = 0;
      for (const auto& [deed, repeat] : group) {
        store_->write_later(
            [this, id = ++id, deed = deed](Session& session) { return act(session, id, deed); },
            [&](const Result<int>& done) {
              ++told;
              if (done) granted_.push_back(*done);
            },
            repeat);
      }
      return std::vector<std::jthread>();
    });
    store_->stop();
    EXPECT_EQ(told, group.size());
    EXPECT_EQ(groups_.front(), group.size() + 1);
    store_ = open_or_abort({.path = directory_.file("store.db")});
    return store_
        ->read([](Session& session) -> Result<std::vector<std::int64_t>> {
          std::vector<std::int64_t> ids;
          for (const Row& row : session.rows("SELECT id FROM t ORDER BY id")) {
            ids.push_back(row.integer(0));
          }
          return ids;
        })
        .value();
  }

  std::vector<int> runs_;  ///< of each transaction
  std::vector<std::int64_t> granted_;

 private:
  Result<int> act(Session& session, std::int64_t id, Deed deed) {
    ++runs_[static_cast<std::size_t>(id)];
    if (deed == Deed::refuse_at_once) return refuse(StoreRefusal::broken, "refused");
    session.run("INSERT INTO t (id) VALUES (:p1)", {id});
    if (deed == Deed::refuse) return refuse(StoreRefusal::broken, "refused");
    if (deed == Deed::fail) session.run("INSERT INTO t (id) VALUES (:p1)", {id});
    if (deed == Deed::throw_other) throw std::runtime_error("body");
    return static_cast<int>(id);
  }
};

TEST_F(RepeatableTest, RunsOnceWhenNobodyFails) {
  const auto fine = std::pair(Deed::keep, Repeat::allowed);
  EXPECT_THAT(kept_of({fine, fine, fine}), testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(runs_, testing::ElementsAre(0, 1, 1, 1));
}

TEST_F(RepeatableTest, ARefusalThatChangedNothingCostsNobodyAnything) {
  const auto fine = std::pair(Deed::keep, Repeat::allowed);
  EXPECT_THAT(kept_of({fine, {Deed::refuse_at_once, Repeat::allowed}, fine}),
              testing::ElementsAre(1, 3));
  EXPECT_THAT(runs_, testing::ElementsAre(0, 1, 1, 1));
}

TEST_F(RepeatableTest, NeighboursOfAFailureAreKept) {
  for (const Deed deed : {Deed::refuse, Deed::fail, Deed::throw_other}) {
    SCOPED_TRACE(static_cast<int>(deed));
    const auto fine = std::pair(Deed::keep, Repeat::allowed);
    const auto bad = std::pair(deed, Repeat::allowed);
    granted_.clear();
    store_.reset();
    for (const char* name : {"store.db", "store.db-wal", "store.db-shm"}) {
      std::filesystem::remove(directory_.file(name));
    }
    EXPECT_THAT(kept_of({fine, fine, bad, bad, fine}), testing::ElementsAre(1, 2, 5));
    EXPECT_THAT(granted_, testing::ElementsAre(1, 2, 5));
    // The two before the first failure again, and each that fails: with its stretch, then alone.
    EXPECT_THAT(runs_, testing::ElementsAre(0, 2, 2, 2, 2, 1));
  }
}

// One that may not be repeated is run once, whatever comes after it.
TEST_F(RepeatableTest, OthersBetweenThemAreNotRepeated) {
  EXPECT_THAT(kept_of({{Deed::keep, Repeat::allowed},
                       {Deed::keep, Repeat::never},
                       {Deed::refuse, Repeat::never},
                       {Deed::keep, Repeat::allowed},
                       {Deed::refuse, Repeat::allowed}}),
              testing::ElementsAre(1, 2, 4));
  EXPECT_THAT(runs_, testing::ElementsAre(0, 1, 1, 1, 2, 2));
}

// What must be durable elsewhere is asked for once by each that is kept, after all bodies.
TEST_F(GroupCommitTest, BeforeTheCommitComesWhatItsBodiesAskFor) {
  for (const Repeat repeat : {Repeat::never, Repeat::allowed}) {
    store_.reset();
    for (const char* name : {"store.db", "store.db-wal", "store.db-shm"}) {
      std::filesystem::remove(directory_.file(name));
    }
    open();
    std::vector<std::string> steps;
    while_the_writer_is_busy([&] {
      for (std::int64_t id = 1; id <= 3; ++id) {
        store_->write_later(
            [&steps, id](Session& session) -> Result<int> {
              session.run("INSERT INTO t (id) VALUES (:p1)", {id});
              session.before_commit([&steps, id] {
                steps.push_back("ready " + std::to_string(id));
                return Result<void>();
              });
              steps.push_back("body " + std::to_string(id));
              if (id == 2) return refuse(StoreRefusal::broken, "refused");
              return 1;
            },
            [&steps, id](const Result<int>&) { steps.push_back("told " + std::to_string(id)); },
            repeat);
      }
      return std::vector<std::jthread>();
    });
    store_->stop();
    ASSERT_EQ(groups_.front(), 4u);
    std::vector<std::string> expected = {"body 1",  "body 2", "body 3", "ready 1",
                                         "ready 3", "told 1", "told 2", "told 3"};
    // The first two again, after the second has undone the first's change with its own.
    if (repeat == Repeat::allowed) expected.insert(expected.begin() + 2, {"body 1", "body 2"});
    EXPECT_EQ(steps, expected);
  }
}

TEST_F(GroupCommitTest, WhatCannotBeMadeReadyRefusesItsWholeGroup) {
  open();
  std::atomic<int> refused = 0;
  while_the_writer_is_busy([&] {
    for (std::int64_t id = 1; id <= 4; ++id) {
      store_->write_later(
          [id](Session& session) -> Result<int> {
            session.run("INSERT INTO t (id) VALUES (:p1)", {id});
            if (id == 3) {
              session.before_commit([]() -> Result<void> {
                return refuse(StoreRefusal::broken, "no", "a full disk");
              });
            }
            return 1;
          },
          [&](const Result<int>& done) {
            refused += !done && done.error().detail.contains("a full disk") ? 1 : 0;
          });
    }
    return std::vector<std::jthread>();
  });
  // The next is committed once those before it have been told.
  EXPECT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (1)"));
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM t"), 1);
  EXPECT_EQ(refused, 4);
  EXPECT_FALSE(first_succeeded_);
}

TEST_F(GroupCommitTest, NothingCanBeAskedForBeforeTheCommitOfARead) {
  open();
  const auto read = store_->read([](Session& session) -> Result<int> {
    session.before_commit([] { return Result<void>(); });
    return 1;
  });
  EXPECT_FALSE(read);
}

// A deferred foreign key is checked by the commit: the one way to make a commit fail at will.
TEST_F(GroupCommitTest, ACommitThatFailsRefusesItsWholeGroup) {
  open();
  ASSERT_TRUE(run(*store_,
                  "CREATE TABLE child (parent BIGINT REFERENCES t (id) DEFERRABLE INITIALLY "
                  "DEFERRED)"));
  groups_.clear();
  std::atomic<int> refused = 0;
  while_the_writer_is_busy([&] {
    std::vector<std::jthread> others;
    others.emplace_back(
        [&] { refused += !run(*store_, "INSERT INTO child (parent) VALUES (404)").has_value(); });
    for (std::int64_t id = 1; id <= 8; ++id) {
      others.emplace_back([&, id] {
        refused += !run(*store_, "INSERT INTO t (id) VALUES (:p1)", {id}).has_value();
      });
    }
    return others;
  });
  EXPECT_EQ(refused, 9);
  EXPECT_FALSE(first_succeeded_);
  EXPECT_TRUE(groups_.empty());
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM t"), 0);
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM child"), 0);
  EXPECT_TRUE(run(*store_, "INSERT INTO t (id) VALUES (1)"));
}

}  // namespace
}  // namespace imp::db
