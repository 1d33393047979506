#include "registry/api/trust/identity_fixture.h"

// A store that fails in the middle of an exchange: what the client is told, what is left, and what
// is on record.

namespace imp::registry::test {
namespace {

struct Break {
  const char* name;
  const char* statement;  ///< that fails, as of a trigger
};

class StoreThatBreaks : public IdentityTest, public testing::WithParamInterface<Break> {
 protected:
  void run(const std::string& sql) {
    ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
      session.run(sql);
      return {};
    }));
  }
};

// The decision to grant is rolled back with all that belongs to it. The refusal that comes of it is
// a decision of its own, and on record like any other.
TEST_P(StoreThatBreaks, GivesNoTokenAndRecordsTheRefusal) {
  ASSERT_EQ(exchanged(good()), "201 ok");
  clock_.advance(std::chrono::minutes(2));  // a use is noted to the minute
  const std::string token = good();
  run(std::string("CREATE TRIGGER broken BEFORE ") + GetParam().statement +
      " BEGIN SELECT RAISE(ABORT, 'disk I/O error at /var/lib'); END");
  const Answer answer = exchange(token, "@alice/lib");
  EXPECT_EQ(answer.outcome(), "500 store_broken");
  EXPECT_EQ(answer.text("error"), answer.text("message"));
  EXPECT_FALSE(answer.body.contains("/var/lib"));
  EXPECT_EQ(answer.text("token"), "");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM used_identity_token"), 1);
  EXPECT_EQ(audited("trust.exchange"),
            (std::vector<std::string>{"trust.exchange granted", "trust.exchange store_broken"}));
  ASSERT_EQ(attempts("@alice/lib").size(), 2u);
  EXPECT_EQ(attempts("@alice/lib").front().outcome, "store_broken");
  EXPECT_TRUE(counted("trust_exchanges_total{outcome=\"store_broken\"} 1"));
  run("DROP TRIGGER broken");
  EXPECT_EQ(exchanged(token), "201 ok");  // nothing of it was used up
}

INSTANTIATE_TEST_SUITE_P(
    Each, StoreThatBreaks,
    testing::Values(Break{"AtTheMark", "INSERT ON used_identity_token"},
                    Break{"AtTheToken", "INSERT ON publish_token"},
                    Break{"AtThePublisher", "UPDATE ON trusted_publisher"},
                    Break{"AtTheAttempt", "INSERT ON publish_attempt WHEN NEW.outcome = 'granted'"},
                    Break{"AtTheRecord", "INSERT ON audit_records WHEN NEW.outcome = 'granted'"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace imp::registry::test
