#include <atomic>
#include <latch>
#include <thread>

#include "audit/verify.h"
#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

class RehearsalTest : public ExchangeTest {
 protected:
  /// "granted", or the code of the refusal that the exchange would answer with.
  std::string rehearsed(const std::string& token) {
    const auto rehearsal = exchanger->rehearse({"@acme/widget", token, "192.0.2.1", "request"});
    return rehearsal.refusal ? std::string(rehearsal.refusal->code()) : "granted";
  }
};

TEST_F(RehearsalTest, SaysWhatTheExchangeThenSays) {
  add_default();
  const std::string tokens[] = {
      token_numbered(1),
      token_with(claim("ssh-rerun"), "true"),
      token_with(claim("vcs-origin"), R"("github.com/acme/other")"),
      token_with(claim("org-id"), json_string(kOther)),
      token_with("exp", "1"),
      token_with("aud", R"("npm:elsewhere")"),
      token_with("iss", R"("https://evil.example")"),
      "a.b.c",
      "",
  };
  for (const std::string& token : tokens) {
    const std::string before = rehearsed(token);
    EXPECT_EQ(before, outcome(token));
  }
  EXPECT_EQ(rehearsed(tokens[0]), "replayed");
}

TEST_F(RehearsalTest, LeavesNothingBehind) {
  add_default();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(rehearsed(token_numbered(1)), "granted");
  for (const char* table :
       {"publish_token", "used_identity_token", "publish_attempt", "audit_records"}) {
    EXPECT_EQ(count(std::string("SELECT COUNT(*) FROM ") + table), 0) << table;
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher WHERE last_used_at IS NOT NULL"), 0);
  EXPECT_FALSE(counted("trust_exchanges_total"));
}

TEST_F(RehearsalTest, AmongExchangesNoneIsLostAndNoneGrantedTwice) {
  add_default();
  const std::string token = signed_token(job_claims());
  std::latch start(8);
  std::atomic<int> granted = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        for (int n = 0; n < 20; ++n) {
          if (i % 2 == 0) {
            const std::string got = rehearsed(token);
            EXPECT_TRUE(got == "granted" || got == "replayed") << got;
          } else if (outcome(token) == "granted") {
            ++granted;
          }
        }
      });
    }
  }
  EXPECT_EQ(granted, 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM used_identity_token"), 1);
  EXPECT_TRUE(audit::verify(*database).value().intact());
}

}  // namespace
}  // namespace imp::trust::test
