#include "app/ci_half.h"

#include <gtest/gtest.h>

#include "app/accounts_over.h"
#include "base/log.h"
#include "db/temporary_directory.h"

namespace imp::app {
namespace {

/// The CI half as a server wires it; a second process has another one over the same store.
class CiHalfTest : public testing::Test {
 protected:
  ~CiHalfTest() override { store_.database->stop(); }

  std::unique_ptr<CiHalf> process() {
    return CiHalf::create(settings_, store_, accounts_, waiters_, clock_, null_log(), metrics_, {})
        .value();
  }
  std::int64_t count(const std::string& sql) {
    return store_.database
        ->read([&](db::Session& session) -> Result<std::int64_t> {
          return session.row(sql)->integer(0);
        })
        .value();
  }

  imp::test::TemporaryDirectory directory_;
  ManualClock clock_{from_milliseconds(1'790'000'000'000)};
  Metrics metrics_;
  http::Waiters waiters_;
  Settings settings_;
  Store store_ = open_store(directory_.file("data"), true).value();
  accounts::Accounts accounts_{
      test::accounts_over(store_, clock_, metrics_, "http://localhost:4873")};
};

// A runner that cannot run here is started every minute, for as long as the server lives.
TEST_F(CiHalfTest, TheRunnerBesideTheServerHasOneTokenForAllItsStarts) {
  const auto server = process();
  const std::string token = server->runner_token().value();
  const std::string records = "SELECT COUNT(*) FROM audit_records";
  const std::int64_t before = count(records);
  for (int start = 0; start < 5; ++start) EXPECT_EQ(server->runner_token().value(), token);
  EXPECT_EQ(count(records), before);
  EXPECT_EQ(server->pipelines().runner_tokens.list()->size(), 1U);
}

TEST_F(CiHalfTest, TheTokenOfAnEarlierProcessIsRevoked) {
  const std::string earlier = process()->runner_token().value();
  const auto server = process();
  const std::string token = server->runner_token().value();
  EXPECT_NE(token, earlier);
  EXPECT_FALSE(server->pipelines().runner_tokens.verify(earlier));
  EXPECT_TRUE(server->pipelines().runner_tokens.verify(token));
}

TEST_F(CiHalfTest, ATokenThatSomebodyRevokedIsReplaced) {
  const auto server = process();
  const std::string token = server->runner_token().value();
  const auto runner = server->pipelines().runner_tokens.verify(token).value();
  ASSERT_TRUE(server->pipelines().runner_tokens.revoke(runner.id, accounts::Actor::system()));
  const std::string next = server->runner_token().value();
  EXPECT_NE(next, token);
  EXPECT_TRUE(server->pipelines().runner_tokens.verify(next));
}

}  // namespace
}  // namespace imp::app
