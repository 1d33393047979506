#include "accounts/trail.h"

#include <boost/json.hpp>

#include "accounts/fixture.h"
#include "audit/verify.h"

namespace imp::accounts {
namespace {

using Which = audit::Suppressed::Which;

/// Refusals beyond the limit on records.
class TrailTest : public AccountsTest {
 protected:
  void refuse(const Actor& actor, std::string_view subject, int times = 1,
              AccountRefusal code = AccountRefusal::sign_in_failed) {
    const auto failure = imp::refuse(code, "No.").error();
    for (int i = 0; i < times; ++i) accounts_->trail.refused(actor, "sign_in", subject, failure);
  }
  /// "subject address count" of each record that stands for many, oldest first.
  std::vector<std::string> suppressed() {
    return database_
        ->read([](db::Session& session) -> Result<std::vector<std::string>> {
          std::vector<std::string> lines;
          for (const db::Row& row : session.rows(
                   "SELECT subject, remote_address, detail FROM audit_records WHERE outcome = "
                   "'suppressed' ORDER BY subject, remote_address")) {
            const auto detail = boost::json::parse(row.text(2));
            lines.push_back(row.text(0) + " " + row.text(1) + " " +
                            boost::json::serialize(detail.at("codes")));
          }
          return lines;
        })
        .value();
  }
  void run(const char* sql) {
    ASSERT_TRUE(database_->write([&](db::Session& session) -> Result<void> {
      session.run(sql);
      return {};
    }));
  }

  const Actor stranger = Actor::anonymous("192.0.2.9", "request-1");
};

TEST_F(TrailTest, AFloodIsRecordedInPartAndCountedInTheLogWhenItsWindowIsOver) {
  refuse(stranger, "user:alice", 130);
  refuse(stranger, "user:alice", 20, AccountRefusal::too_many_attempts);
  refuse(Actor::anonymous("198.51.100.7", "request-2"), "user:alice", 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM audit_records WHERE outcome = 'sign_in_failed'"), 101);
  ASSERT_TRUE(accounts_->tidy());
  EXPECT_EQ(suppressed(), std::vector<std::string>());
  clock_.advance(kThrottleWindow);
  ASSERT_TRUE(accounts_->tidy());
  // What a stranger gives for a name is not kept for so many.
  EXPECT_EQ(suppressed(),
            std::vector<std::string>{R"( 192.0.2.9 {"sign_in_failed":30,"too_many_attempts":20})"});
  ASSERT_TRUE(accounts_->tidy());
  EXPECT_EQ(suppressed().size(), 1u);
  EXPECT_TRUE(audit::verify(*database_).value().intact());
}

// Whoever has a network of IPv6 has 2^64 addresses, and is one line for all that.
TEST_F(TrailTest, ANetworkIsCountedAsTheLimitCountsIt) {
  for (int host = 0; host < 1000; ++host) {
    refuse(Actor::anonymous(fmt::format("2001:db8:1:2::{:x}", host), "request"), "user:alice", 1);
  }
  refuse(Actor::anonymous("2001:db8:1:3::1", "request"), "user:alice", 101);
  ASSERT_TRUE(accounts_->trail.record_suppressed(Which::all));
  EXPECT_EQ(suppressed(), (std::vector<std::string>{R"( 2001:db8:1:2::/64 {"sign_in_failed":900})",
                                                    R"( 2001:db8:1:3::/64 {"sign_in_failed":1})"}));
}

TEST_F(TrailTest, OfWhoIsKnownItSaysWhoseAccountItWas) {
  Actor alice = actor(person("alice"));
  alice.address = "192.0.2.9";
  refuse(alice, "user:alice", 103);
  ASSERT_TRUE(accounts_->trail.record_suppressed(Which::all));
  EXPECT_EQ(suppressed(), std::vector<std::string>{R"(user:alice 192.0.2.9 {"sign_in_failed":3})"});
}

TEST_F(TrailTest, CountsOutliveAStoreThatFails) {
  refuse(stranger, "", 101);
  run("CREATE TRIGGER broken BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT, 'full'); "
      "END");
  EXPECT_FALSE(accounts_->trail.record_suppressed(Which::all));
  run("DROP TRIGGER broken");
  ASSERT_TRUE(accounts_->trail.record_suppressed(Which::all));
  EXPECT_EQ(suppressed().size(), 1u);
}

}  // namespace
}  // namespace imp::accounts
