#include "registry/staging/policy_history.h"

#include <gtest/gtest.h>

#include "db/database.h"
#include "db/temporary_directory.h"
#include "registry/packages/store.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {
namespace {

using namespace std::chrono_literals;

const Time kStart = from_milliseconds(1'000'000);

class PolicyHistoryTest : public testing::Test {
 protected:
  PolicyHistoryTest() {
    std::vector<db::Migration> all = package_migrations();
    for (auto& migration : staging_migrations()) all.push_back(std::move(migration));
    const auto migrated = database->migrate(all);
    EXPECT_TRUE(migrated) << migrated.error().detail;
  }
  void change(std::int64_t approvals, Time now, Milliseconds cool_down = 0h,
              std::string_view key = "p") {
    const auto changed = database->write([&](db::Session& session) -> Result<void> {
      change_policy(session, key, {.approvals = approvals}, "ann", now, cool_down);
      return {};
    });
    EXPECT_TRUE(changed) << changed.error().detail;
  }
  WaitingSince now(Time time) {
    return {database
                ->read([](db::Session& session) -> Result<std::int64_t> {
                  return newest_policy_change(session);
                })
                .value(),
            time};
  }
  /// "2 | 2>1 1>3": in force then, and the changes since.
  std::string told(const WaitingSince& since, const std::string& key = "p") {
    const auto history = database
                             ->read([&](db::Session& session) -> Result<PolicyHistory> {
                               return PolicyHistory::of(session, key, since.change);
                             })
                             .value();
    const auto then = history.at(since);
    std::string text = then ? std::to_string(then->approvals) : "none";
    text += " |";
    for (const PolicyChange& change : history.since(since)) {
      text += fmt::format(" {}>{}{}", change.before.approvals, change.after.approvals,
                          change.given_up ? " given up" : "");
    }
    return text;
  }

  imp::test::TemporaryDirectory directory;
  std::unique_ptr<db::Database> database =
      std::move(db::open_sqlite({.path = directory.file("policies.db")}).value());
};

TEST_F(PolicyHistoryTest, IsInTheOrderOfEvents) {
  const WaitingSince before = now(kStart);
  EXPECT_EQ(told(before), "none |");
  change(2, kStart);
  const WaitingSince first = now(kStart);  // in the same instant, and after it
  change(3, kStart - 1h);
  change(5, kStart - 2h, 0h, "other");
  const WaitingSince second = now(kStart - 3h);
  change(1, kStart - 4h);
  EXPECT_EQ(told(before), "none | 1>2 2>3 3>1");
  EXPECT_EQ(told(first), "2 | 2>3 3>1");
  EXPECT_EQ(told(second), "3 | 3>1");  // whatever the clock: it had no cool-down
}

TEST_F(PolicyHistoryTest, WhatIsToComeIsAChangeSince) {
  change(2, kStart);
  change(1, kStart, 24h);
  const WaitingSince cooling = now(kStart + 24h - 1ms), cooled = now(kStart + 24h);
  EXPECT_EQ(told(cooling), "2 | 2>1");
  EXPECT_EQ(told(cooled), "1 |");
  change(2, kStart + 1h);
  EXPECT_EQ(told(cooling), "2 | 2>1 given up 2>2");
  EXPECT_EQ(told(cooled), "1 | 2>2");
}

// Only what is to come when another change is made is given up, and nothing before it.
TEST_F(PolicyHistoryTest, WhatWasInForceStaysSo) {
  change(2, kStart);
  const WaitingSince first = now(kStart);
  change(1, kStart);
  change(3, kStart - 1h);
  EXPECT_EQ(told(first), "2 | 2>1 1>3");
}

// By the clock, which is all that a database from before knows.
TEST(PolicyOrderMigration, PutsWhatWaitedBeforeAllThatMayHaveBeenChangedSince) {
  const imp::test::TemporaryDirectory directory;
  const auto database = std::move(db::open_sqlite({.path = directory.file("old.db")}).value());
  std::vector<db::Migration> before = package_migrations(), after = before;
  for (auto& migration : staging_migrations()) {
    if (migration.name != "staging_order/1") before.push_back(migration);
    after.push_back(migration);
  }
  ASSERT_TRUE(database->migrate(before));
  ASSERT_TRUE(database->write([&](db::Session& session) -> Result<void> {
    for (const std::int64_t at : {10, 30, 20, 40}) {  // the third by a clock that was set back
      session.run(
          "INSERT INTO stage_policy_change (package_id, changed_at, person, old_approvals, "
          "old_different_person, old_group_id, approvals, different_person, group_id) VALUES "
          "('p', :p1, 'ann', 1, 0, '', 1, 0, '')",
          {at});
    }
    for (const std::int64_t created : {5, 15, 25, 30, 35, 45}) {
      session.run(
          "INSERT INTO staged_release (id, package_id, package_name, version, sha512, candidate, "
          "publisher_name, publisher_email, run, access, created_at) VALUES (:p1, 'p', 'lib', "
          ":p1, '', '{}', 'ann', '', '{}', 'public', :p2)",
          {std::to_string(created), created});
    }
    return {};
  }));
  ASSERT_TRUE(database->migrate(after));
  const auto read = database->read([&](db::Session& session) -> Result<void> {
    std::string numbers, places;
    for (const auto& row : session.rows("SELECT number FROM stage_policy_change ORDER BY number")) {
      numbers += row.text(0) + " ";
    }
    for (const auto& row :
         session.rows("SELECT policy_change FROM staged_release ORDER BY created_at")) {
      places += row.text(0) + " ";
    }
    EXPECT_EQ(numbers, "1 2 3 4 ");
    EXPECT_EQ(places, "0 1 1 1 3 4 ");
    return {};
  });
  EXPECT_TRUE(read);
}

}  // namespace
}  // namespace imp::registry
