#include "db/statement.h"

#include <gtest/gtest.h>

#include <limits>

#include "db/open_store.h"
#include "db/sqlite_connection.h"

namespace imp::db {
namespace {

class StatementTest : public OnFileAndInMemory {
 protected:
  StatementTest() {
    EXPECT_TRUE(
        run(*store_, "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT, amount BIGINT)"));
  }
  Result<std::int64_t> add(std::int64_t id, Value name, Value amount) {
    return run(*store_, "INSERT INTO things (id, name, amount) VALUES (:p1, :p2, :p3)",
               {id, std::move(name), std::move(amount)});
  }
  std::optional<Row> get(std::int64_t id) {
    const auto row = store_->read([&](Session& session) -> Result<std::optional<Row>> {
      return session.row("SELECT name, amount FROM things WHERE id = :p1", {id});
    });
    EXPECT_TRUE(row.has_value()) << row.error().detail;
    return row.value_or(std::nullopt);
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, StatementTest, testing::Values("file", "memory"));

TEST_P(StatementTest, KeepsTextAsItIs) {
  const std::string texts[] = {
      "",  // not NULL
      "x",
      "0012",                        // must not become the number 12
      "it's \"quoted\" :p1 -- ; %",  // no part of it is SQL
      "snow \xE2\x98\x83 and \xF0\x9F\x8E\x89",
      std::string(1 << 20, 'm'),
      "line\nline\r\n\ttab",
  };
  std::int64_t id = 0;
  for (const std::string& text : texts) {
    ASSERT_TRUE(add(++id, text, 1));
    const auto row = get(id);
    ASSERT_TRUE(row);
    EXPECT_FALSE(row->null(0));
    EXPECT_EQ(row->text(0), text);
  }
}

TEST_P(StatementTest, KeepsIntegersOfSixtyFourBits) {
  using Limits = std::numeric_limits<std::int64_t>;
  std::int64_t id = 0;
  for (const std::int64_t amount :
       {Limits::max(), Limits::max() - 1, Limits::min(), std::int64_t{1} << 53,
        std::int64_t{1} << 32, std::int64_t{0}, std::int64_t{-1}}) {
    ASSERT_TRUE(add(++id, "n", amount));
    EXPECT_EQ(get(id)->integer(1), amount);
    EXPECT_EQ(
        number(*store_, "SELECT id FROM things WHERE amount = :p1 AND id = :p2", {amount, id}), id);
  }
}

TEST_P(StatementTest, NullIsNeitherEmptyNorZero) {
  ASSERT_TRUE(add(1, std::monostate(), std::monostate()));
  const auto row = get(1);
  EXPECT_TRUE(row->null(0));
  EXPECT_TRUE(row->null(1));
  EXPECT_EQ(row->maybe_text(0), std::nullopt);
  EXPECT_EQ(row->maybe_integer(1), std::nullopt);
  EXPECT_EQ(row->text(0), "");
  EXPECT_EQ(row->integer(1), 0);
}

// A kept statement must not remember the NULLs, types or lengths of the time before.
TEST_P(StatementTest, RunsAgainWithOtherNullsAndTypes) {
  const std::vector<std::pair<Value, Value>> values = {
      {"long enough to be on the heap of a std::string", 1},
      {std::monostate(), 2},
      {"b", std::monostate()},
      {std::monostate(), std::monostate()},
      {"", 5},
      {std::string(100'000, 'x'), 6},
      {"d", 7}};
  const auto done = store_->write([&](Session& session) -> Result<void> {
    std::int64_t id = 0;
    for (const auto& [name, amount] : values) {
      session.run("INSERT INTO things (id, name, amount) VALUES (:p1, :p2, :p3)",
                  {++id, name, amount});
    }
    return {};
  });
  ASSERT_TRUE(done);
  std::int64_t id = 0;
  for (const auto& [name, amount] : values) {
    const auto row = get(++id);
    const auto* text = std::get_if<std::string>(&name);
    const auto* count = std::get_if<std::int64_t>(&amount);
    EXPECT_EQ(row->maybe_text(0), text ? std::optional(*text) : std::nullopt);
    EXPECT_EQ(row->maybe_integer(1), count ? std::optional(*count) : std::nullopt);
  }
}

// An expression has no declared type: an integer bound as text would compare unequal.
TEST_P(StatementTest, ParametersKeepTheirTypeInExpressions) {
  ASSERT_TRUE(add(1, "x", std::monostate()));
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM things WHERE COALESCE(amount, 7) = :p1", {7}), 1);
  EXPECT_EQ(number(*store_, "SELECT COALESCE(amount, 7) + :p1 FROM things", {5}), 12);
  EXPECT_EQ(number(*store_, "SELECT id FROM things ORDER BY id LIMIT :p1", {1}), 1);
}

TEST_P(StatementTest, ParametersMayRepeatAndComeInAnyOrder) {
  EXPECT_EQ(number(*store_, "SELECT :p2 - :p1 - :p1", {3, 10}), 4);
  // p1 is not the beginning of p10.
  EXPECT_EQ(number(*store_, "SELECT :p10 - :p1 - :p2 - :p3 - :p4 - :p5 - :p6 - :p7 - :p8 - :p9",
                   {1, 1, 1, 1, 1, 1, 1, 1, 1, 100}),
            91);
}

TEST_P(StatementTest, RefusesAWrongNumberOfParameters) {
  for (const std::vector<Value>& given : {std::vector<Value>{}, {1}, {1, 2, 3}}) {
    const auto done = run(*store_, "UPDATE things SET amount = :p1 WHERE id = :p2", given);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code(), "store_broken");
    EXPECT_NE(done.error().detail.find("parameter"), std::string::npos) << done.error().detail;
  }
}

TEST_P(StatementTest, RefusesTextThatPostgresqlCouldNotKeep) {
  for (const std::string& text : {std::string("a\0b", 3), std::string(1, '\0'), std::string("\xFF"),
                                  std::string("\xC0\x80"), std::string("\xED\xA0\x80")}) {
    const auto done = add(1, text, 1);
    ASSERT_FALSE(done);
    EXPECT_NE(done.error().detail.find(":p2"), std::string::npos) << done.error().detail;
  }
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM things"), 0);
}

TEST_P(StatementTest, AColumnThatIsNoIntegerIsAnError) {
  ASSERT_TRUE(add(1, "12 apples", 1));
  const auto read = store_->read([](Session& session) -> Result<std::int64_t> {
    return session.row("SELECT name FROM things")->integer(0);
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind(), FailureKind::internal);
}

TEST_P(StatementTest, CountsChangedRows) {
  for (std::int64_t id = 1; id <= 5; ++id) ASSERT_TRUE(add(id, "x", id));
  EXPECT_EQ(run(*store_, "UPDATE things SET name = 'y' WHERE amount > :p1", {2}), 3);
  EXPECT_EQ(run(*store_, "UPDATE things SET name = 'z' WHERE amount > :p1", {99}), 0);
  EXPECT_EQ(run(*store_, "DELETE FROM things"), 5);
}

TEST_P(StatementTest, InsertIfAbsentTellsWhetherItWasAdded) {
  const auto insert = [&] {
    return store_->write([](Session& session) -> Result<bool> {
      return session.insert_if_absent(
          "INSERT INTO things (id, name) VALUES (:p1, :p2) ON CONFLICT DO NOTHING", {1, "first"});
    });
  };
  EXPECT_EQ(insert(), true);
  EXPECT_EQ(insert(), false);
}

TEST_P(StatementTest, ReturningGivesRowsOfAChange) {
  ASSERT_TRUE(add(1, "x", 41));
  const auto amount = store_->write([](Session& session) -> Result<std::int64_t> {
    return session
        .row("UPDATE things SET amount = amount + 1 WHERE id = :p1 RETURNING amount", {1})
        ->integer(0);
  });
  EXPECT_EQ(amount, 42);
  EXPECT_EQ(get(1)->integer(1), 42);
}

TEST_P(StatementTest, ManyRowsComeInOrder) {
  const auto done = store_->write([](Session& session) -> Result<void> {
    for (std::int64_t id = 0; id < 2000; ++id) {
      session.run("INSERT INTO things (id, name) VALUES (:p1, :p2)", {id, std::to_string(id)});
    }
    return {};
  });
  ASSERT_TRUE(done);
  const auto rows = store_->read([](Session& session) -> Result<std::vector<Row>> {
    return session.rows("SELECT id, name FROM things ORDER BY id");
  });
  ASSERT_EQ(rows->size(), 2000u);
  for (std::int64_t id = 0; id < 2000; ++id) EXPECT_EQ((*rows)[id].text(1), std::to_string(id));
}

TEST_P(StatementTest, ErrorsNameTheStatementButNoValue) {
  ASSERT_TRUE(add(1, "x", 1));
  const auto done = add(1, "secret-value", 1);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().detail.find("INSERT INTO things"), std::string::npos);
  EXPECT_EQ(done.error().detail.find("secret-value"), std::string::npos) << done.error().detail;
  EXPECT_EQ(done.error().message.find("things"), std::string::npos) << done.error().message;
}

TEST_P(StatementTest, TellsATakenKeyFromOtherErrors) {
  ASSERT_TRUE(run(*store_, "CREATE TABLE strict (name TEXT NOT NULL UNIQUE)"));
  const auto violates = [&](std::string_view sql) {
    return store_
        ->write([&](Session& session) -> Result<bool> {
          session.run("INSERT INTO strict (name) VALUES ('taken')");
          try {
            session.run(sql);
          } catch (const StoreError& error) {
            return error.unique_violation();
          }
          return refuse(StoreRefusal::broken, "the statement was accepted");
        })
        .value();
  };
  EXPECT_TRUE(violates("INSERT INTO strict (name) VALUES ('taken')"));
  ASSERT_TRUE(run(*store_, "DELETE FROM strict"));
  EXPECT_FALSE(violates("INSERT INTO strict (name) VALUES (NULL)"));
  ASSERT_TRUE(run(*store_, "DELETE FROM strict"));
  EXPECT_FALSE(violates("INSERT INTO missing (name) VALUES ('x')"));
}

TEST_P(StatementTest, AStatementThatFailedCanRunAgain) {
  ASSERT_TRUE(add(1, "x", 1));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(add(1, "again", 1));
  EXPECT_TRUE(add(2, "other", 1));
}

TEST_P(StatementTest, ForeignKeysAreEnforced) {
  ASSERT_TRUE(run(*store_, "CREATE TABLE parts (thing BIGINT REFERENCES things (id))"));
  EXPECT_FALSE(run(*store_, "INSERT INTO parts (thing) VALUES (:p1)", {404}));
}

TEST(StatementCache, PreparesAStatementOncePerConnection) {
  SqliteConnection connection(":memory:", SqliteConnection::Use::writing);
  connection.run("CREATE TABLE t (a BIGINT, b TEXT)");
  const std::size_t before = connection.kept_statements();
  for (std::int64_t i = 0; i < 100; ++i) {
    connection.run("INSERT INTO t (a, b) VALUES (:p1, :p2)", {i, std::to_string(i)});
    connection.rows("SELECT b FROM t WHERE a = :p1", {i});
  }
  EXPECT_EQ(connection.kept_statements(), before + 2);
}

TEST(StatementCache, IsBoundedWhenValuesArePastedIntoTheText) {
  SqliteConnection connection(":memory:", SqliteConnection::Use::writing);
  for (int i = 0; i < 2500; ++i) connection.rows("SELECT " + std::to_string(i));
  EXPECT_LE(connection.kept_statements(), 1000u);
  EXPECT_EQ(connection.rows("SELECT 7").at(0).integer(0), 7);
}

TEST(StatementCache, SurvivesAChangeOfTheSchema) {
  SqliteConnection connection(":memory:", SqliteConnection::Use::writing);
  connection.run("CREATE TABLE t (a BIGINT)");
  connection.run("INSERT INTO t (a) VALUES (1)");
  EXPECT_EQ(connection.rows("SELECT a FROM t").size(), 1u);
  connection.run("ALTER TABLE t ADD COLUMN b TEXT");
  EXPECT_EQ(connection.rows("SELECT a FROM t").at(0).integer(0), 1);
}

}  // namespace
}  // namespace imp::db
