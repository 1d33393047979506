#include "registry/staging/stage_life.h"

#include <gtest/gtest.h>

#include "db/database.h"
#include "db/temporary_directory.h"
#include "registry/packages/store.h"
#include "registry/staging/stage_policy.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {
namespace {

using namespace std::chrono_literals;

TEST(StageLife, IsWholeHoursOrDaysWithinBounds) {
  for (const auto& [text, life] :
       std::vector<std::pair<const char*, Milliseconds>>{{"1h", 1h},
                                                         {"36h", 36h},
                                                         {"24h", 24h},
                                                         {"1d", 24h},
                                                         {"90d", 90 * 24h},
                                                         {"2160h", 2160h},
                                                         {"60m", 1h}}) {
    EXPECT_EQ(parse_life(text), life) << text;
  }
  for (const char* text : {"", "0h", "59m", "90m", "1", "1.5h", "-1h", "91d", "2161h", "1 d", "1w",
                           "99999999999d", "h"}) {
    EXPECT_FALSE(parse_life(text)) << text;
  }
}

TEST(StageLife, IsToldAsItIsRead) {
  for (const auto& [life, brief, words] :
       std::vector<std::tuple<Milliseconds, const char*, const char*>>{{1h, "1h", "1 hour"},
                                                                       {36h, "36h", "36 hours"},
                                                                       {24h, "1d", "1 day"},
                                                                       {48h, "2d", "2 days"}}) {
    EXPECT_EQ(short_text(life), brief);
    EXPECT_EQ(life_text(life), words);
    EXPECT_EQ(parse_life(brief), life);
  }
}

TEST(StageLife, OfAPolicyIsSaidUnlessItIsTheUsualOne) {
  EXPECT_EQ(StagePolicy{}.text(), "1 approval");
  EXPECT_EQ(StagePolicy{.life = 72h}.text(), "1 approval, within 3 days");
  EXPECT_TRUE(is_looser({.life = 72h}, {.life = 71h}));
  EXPECT_FALSE(is_looser({.life = 71h}, {.life = 72h}));
}

// What waited when the server was updated is over when it was to be, and a looser policy that was
// to come still does.
TEST(StageLife, IsTwoWeeksForWhatWaitedBeforePoliciesHadOne) {
  const imp::test::TemporaryDirectory directory;
  const auto database = std::move(db::open_sqlite({.path = directory.file("old.db")}).value());
  std::vector<db::Migration> before = package_migrations(), after = before;
  for (auto& migration : staging_migrations()) {
    if (migration.name != "staging/10") before.push_back(migration);
    after.push_back(migration);
  }
  ASSERT_TRUE(database->migrate(before));
  const Time created = from_milliseconds(1'000'000), from = created + 24h;
  ASSERT_TRUE(database->write([&](db::Session& session) -> Result<void> {
    session.run(
        "INSERT INTO staged_release (id, package_id, package_name, version, sha512, candidate, "
        "publisher_name, publisher_email, run, access, created_at) VALUES ('s', 'p', 'lib', "
        "'1.0.0', '', '{}', 'ann', '', '{}', 'public', :p1)",
        {to_milliseconds(created)});
    session.run(
        "INSERT INTO stage_policy (package_id, approvals, different_person, group_id, "
        "passkeys_only, next_approvals, next_different_person, next_group_id, next_passkeys_only, "
        "next_from) VALUES ('p', 2, 0, '', 0, 1, 0, '', 0, :p1)",
        {to_milliseconds(from)});
    return {};
  }));
  ASSERT_TRUE(database->migrate(after));
  const auto read = database->read([&](db::Session& session) -> Result<void> {
    EXPECT_EQ(session.row("SELECT expires_at FROM staged_release", {})->integer(0),
              to_milliseconds(created + kStageLife));
    EXPECT_EQ(stage_policy(session, "p", created), (StagePolicy{.approvals = 2}));
    const auto next = policy_to_come(session, "p", created);
    EXPECT_TRUE(next && next->policy == StagePolicy() && next->from == from);
    EXPECT_EQ(stage_policy(session, "p", from), StagePolicy());
    return {};
  });
  EXPECT_TRUE(read);
}

}  // namespace
}  // namespace imp::registry
