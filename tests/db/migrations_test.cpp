#include "db/migrations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/open_store.h"

namespace imp::db {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(SplitStatements, EndsAStatementAtASemicolonAtTheEndOfALine) {
  const struct {
    const char* sql;
    std::vector<std::string> statements;
  } cases[] = {
      {"", {}},
      {"\n \n\t\n", {}},
      {"A", {"A"}},
      {"A;", {"A"}},
      {"A;\nB;\n", {"A", "B"}},
      {"A;\nB", {"A", "B"}},
      {"  A (\n    x,\n    y\n  );\n  B;  \t\r\n", {"A (\nx,\ny\n)", "B"}},
      {"A ';' B;\nC;", {"A ';' B", "C"}},       // inside a line it belongs to the statement
      {"-- about A;\nA;\n-- the end;", {"A"}},  // a comment is no statement
  };
  for (const auto& [sql, statements] : cases) EXPECT_EQ(split_statements(sql), statements) << sql;
}

class MigrationsTest : public OnFileAndInMemory {
 protected:
  std::vector<std::string> recorded() {
    return store_
        ->read([](Session& session) -> Result<std::vector<std::string>> {
          std::vector<std::string> names;
          for (const Row& row : session.rows("SELECT name FROM schema_migrations ORDER BY name")) {
            names.push_back(row.text(0));
          }
          return names;
        })
        .value();
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, MigrationsTest, testing::Values("file", "memory"));

const Migration kFirst{"shop/1", "CREATE TABLE a (id BIGINT);\nINSERT INTO a (id) VALUES (1);\n"};
const Migration kSecond{"shop/2",
                        "ALTER TABLE a ADD COLUMN name TEXT;\nCREATE INDEX i ON a (name);"};
const Migration kOther{"accounts/people/1", "CREATE TABLE b (id BIGINT);"};

TEST_P(MigrationsTest, EachIsDoneOnce) {
  ASSERT_TRUE(store_->migrate({kFirst}));
  ASSERT_TRUE(store_->migrate({kFirst}));
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM a"), 1);
  ASSERT_TRUE(store_->migrate({kFirst, kSecond}));
  EXPECT_THAT(recorded(), ElementsAre("shop/1", "shop/2"));
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM a WHERE name IS NULL"), 1);
  EXPECT_EQ(number(*store_, "SELECT COUNT(*) FROM schema_migrations WHERE applied_at = ''"), 0);
}

TEST_P(MigrationsTest, AFailureUndoesThatStepAloneAndNamesIt) {
  const Migration broken{"shop/2", "CREATE TABLE c (id BIGINT);\nCREATE TABEL d (id BIGINT);"};
  const auto done = store_->migrate({kFirst, broken, kOther});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), "store_migration_failed");
  EXPECT_THAT(done.error().message, HasSubstr("shop/2"));
  EXPECT_THAT(done.error().detail, HasSubstr("TABEL"));
  EXPECT_THAT(recorded(), ElementsAre("shop/1"));
  EXPECT_FALSE(run(*store_, "SELECT id FROM c"));
  // Corrected, it goes on from there.
  EXPECT_TRUE(store_->migrate({kFirst, kSecond, kOther}));
  EXPECT_THAT(recorded(), ElementsAre("accounts/people/1", "shop/1", "shop/2"));
}

TEST_P(MigrationsTest, ADatabaseOfANewerVersionIsRefused) {
  ASSERT_TRUE(store_->migrate({kFirst, kSecond}));
  const auto done = store_->migrate({kFirst});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), "store_unknown_schema");
  EXPECT_THAT(done.error().message, HasSubstr("shop/2"));
  EXPECT_THAT(done.error().message, HasSubstr("newer version"));
}

// Modules may be migrated one after the other: another module's steps are not this one's business.
TEST_P(MigrationsTest, ModulesMayBeMigratedSeparately) {
  ASSERT_TRUE(store_->migrate({kFirst}));
  EXPECT_TRUE(store_->migrate({kOther}));
  EXPECT_TRUE(store_->migrate({kFirst}));
  const auto newer = store_->migrate({{"accounts/people/2", "CREATE TABLE e (id BIGINT);"}});
  EXPECT_FALSE(newer);
}

TEST_P(MigrationsTest, NamesMustBeUniqueAndBelongToAModule) {
  EXPECT_FALSE(store_->migrate({kFirst, kFirst}));
  EXPECT_FALSE(store_->migrate({{"plain", "CREATE TABLE x (id BIGINT);"}}));
}

}  // namespace
}  // namespace imp::db
