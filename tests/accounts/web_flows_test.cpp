#include <gmock/gmock.h>
#include <atomic>

#include <boost/json.hpp>
#include <thread>

#include "fixture.h"

namespace imp::accounts {
namespace {

using testing::Contains;
using testing::Not;

const Purpose kTrust{.action = "trust.create", .subject = "@acme/tool"};

class WebFlowsTest : public AccountsTest {
 protected:
  WebFlowsTest() : AccountsTest(true) {}
  Result<WebFlows::Poll> poll(std::string_view secret) {
    return flows_.poll(secret, Actor::anonymous("192.0.2.1"));
  }
  std::string check(std::string_view value, const Purpose& purpose) {
    return code_of(accounts_->second_factors.check(alice_, value, purpose, actor(alice_)));
  }
  Person alice_ = person("alice"), bob_ = person("bob");
  WebFlows& flows_ = accounts_->web_flows;
};

TEST_F(WebFlowsTest, LoginFromStartToToken) {
  const auto started = flows_.start_login(request({{"User-Agent", "npm/12.2.0 node/v22"}}));
  ASSERT_TRUE(started);
  EXPECT_EQ(started->login_url, std::string(kPublicUrl) + "/login/cli/" + started->id);
  EXPECT_EQ(started->done_url, std::string(kPublicUrl) + "/-/v1/done/" + started->done_secret);
  EXPECT_FALSE(started->login_url.contains(started->done_secret));

  const auto flow = flows_.find(started->id);
  EXPECT_EQ(flow->user_agent, "npm/12.2.0 node/v22");
  EXPECT_EQ(flow->address, "192.0.2.1");
  EXPECT_TRUE(poll(started->done_secret)->pending);
  ASSERT_TRUE(flows_.confirm_login(started->id, alice_, actor(alice_)));
  const auto done = poll(started->done_secret);
  ASSERT_TRUE(done);
  EXPECT_FALSE(done->pending);
  const auto verified = accounts_->tokens.verify(done->token, "192.0.2.1");
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->person->name, "alice");
  EXPECT_TRUE(verified->token->acts_fully());
  EXPECT_EQ(code_of(poll(started->done_secret)), "flow_finished");  // given exactly once
  EXPECT_THAT(audited(), Contains("web_login.confirm"));
}

TEST_F(WebFlowsTest, ATokenCannotConfirmALogin) {
  const auto started = flows_.start_login(request());
  Actor with_token = actor(alice_);
  with_token.via = "token:key";
  with_token.in_browser = false;
  EXPECT_EQ(code_of(flows_.confirm_login(started->id, alice_, with_token)), "browser_only");
  EXPECT_TRUE(poll(started->done_secret)->pending);
}

TEST_F(WebFlowsTest, SurvivesARestart) {
  const auto started = flows_.start_login(request());
  ASSERT_TRUE(another()->web_flows.confirm_login(started->id, alice_, actor(alice_)));
  EXPECT_FALSE(another()->web_flows.poll(started->done_secret, Actor{})->token.empty());
}

TEST_F(WebFlowsTest, OnlyTheDoneSecretCollects) {
  const auto started = flows_.start_login(request());
  ASSERT_TRUE(flows_.confirm_login(started->id, alice_, actor(alice_)));
  for (const std::string& guess :
       {started->id, std::string(), std::string(64, '0'), started->done_secret.substr(1)}) {
    EXPECT_EQ(code_of(poll(guess)), "flow_not_found");
  }
  // What the table holds is not what opens it.
  const auto stored = database_->read([](db::Session& session) -> Result<std::string> {
    return session.row("SELECT done_hash FROM accounts_web_flows")->text(0);
  });
  EXPECT_EQ(code_of(poll(*stored)), "flow_not_found");
  EXPECT_TRUE(poll(started->done_secret));
}

TEST_F(WebFlowsTest, ConcurrentPollsOneGetsTheToken) {
  for (int round = 0; round < 5; ++round) {
    const auto started = flows_.start_login(request());
    ASSERT_TRUE(flows_.confirm_login(started->id, alice_, actor(alice_)));
    std::atomic<int> tokens = 0;
    {
      std::vector<std::jthread> threads;
      for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
          const auto polled = poll(started->done_secret);
          if (polled && !polled->token.empty()) ++tokens;
        });
      }
    }
    EXPECT_EQ(tokens, 1);
  }
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_tokens"), 5);
}

TEST_F(WebFlowsTest, ExpiresExactlyOnTimeBeforeAndAfterTheConfirmation) {
  const auto pending = flows_.start_login(request());
  clock_.advance(5min - 1ms);
  EXPECT_TRUE(poll(pending->done_secret)->pending);
  clock_.advance(1ms);
  EXPECT_EQ(code_of(poll(pending->done_secret)), "flow_expired");
  EXPECT_EQ(code_of(flows_.find(pending->id)), "flow_expired");
  EXPECT_EQ(code_of(flows_.confirm_login(pending->id, alice_, actor(alice_))), "flow_expired");

  const auto confirmed = flows_.start_login(request());
  clock_.advance(5min - 1ms);
  ASSERT_TRUE(flows_.confirm_login(confirmed->id, alice_, actor(alice_)));
  clock_.advance(5min);
  EXPECT_EQ(code_of(poll(confirmed->done_secret)), "flow_expired");
  EXPECT_EQ(count("SELECT COUNT(*) FROM accounts_tokens"), 0);
}

TEST_F(WebFlowsTest, IsDecidedOnce) {
  const auto denied = flows_.start_login(request());
  ASSERT_TRUE(flows_.deny(denied->id, alice_, actor(alice_)));
  EXPECT_EQ(code_of(poll(denied->done_secret)), "flow_finished");
  EXPECT_EQ(code_of(flows_.confirm_login(denied->id, alice_, actor(alice_))), "flow_finished");

  const auto confirmed = flows_.start_login(request());
  ASSERT_TRUE(flows_.confirm_login(confirmed->id, alice_, actor(alice_)));
  EXPECT_EQ(code_of(flows_.confirm_login(confirmed->id, bob_, actor(bob_))), "flow_finished");
  EXPECT_EQ(code_of(flows_.deny(confirmed->id, bob_, actor(bob_))), "flow_finished");
  const auto verified = accounts_->tokens.verify(poll(confirmed->done_secret)->token, "192.0.2.1");
  EXPECT_EQ(verified->person->name, "alice");
}

TEST_F(WebFlowsTest, AConfirmationIsForItsPersonActionAndSubjectOnce) {
  enable_totp(alice_);
  const auto started = flows_.start_confirmation(alice_, kTrust, request());
  EXPECT_EQ(flows_.find(started->id)->purpose.subject, "@acme/tool");
  ASSERT_TRUE(flows_.confirm_purpose(started->id, alice_, code(alice_), actor(alice_)));
  const std::string value = poll(started->done_secret)->token;
  EXPECT_EQ(value.size(), 64u);  // npm's classic prompt takes it too

  EXPECT_EQ(check(value, {.action = "trust.delete", .subject = "@acme/tool"}),
            "second_factor_wrong");
  EXPECT_EQ(check(value, {.action = "trust.create", .subject = "@acme/other"}),
            "second_factor_wrong");
  enable_totp(bob_);
  EXPECT_EQ(code_of(accounts_->second_factors.check(bob_, value, kTrust, actor(bob_))),
            "second_factor_wrong");
  const auto confirmed = accounts_->second_factors.check(alice_, value, kTrust, actor(alice_));
  ASSERT_TRUE(confirmed);
  EXPECT_EQ(confirmed->kind, FactorKind::web_confirmation);
  EXPECT_EQ(check(value, kTrust), "second_factor_wrong");
}

TEST_F(WebFlowsTest, ConcurrentUsesOfOneConfirmationOneWins) {
  enable_totp(alice_);
  const auto started = flows_.start_confirmation(alice_, kTrust, request());
  ASSERT_TRUE(flows_.confirm_purpose(started->id, alice_, code(alice_), actor(alice_)));
  const std::string value = poll(started->done_secret)->token;
  std::atomic<int> won = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        if (check(value, kTrust).empty()) ++won;
      });
    }
  }
  EXPECT_EQ(won, 1);
}

TEST_F(WebFlowsTest, AConfirmationExpires) {
  enable_totp(alice_);
  const auto started = flows_.start_confirmation(alice_, kTrust, request());
  ASSERT_TRUE(flows_.confirm_purpose(started->id, alice_, code(alice_), actor(alice_)));
  const std::string value = poll(started->done_secret)->token;
  clock_.advance(5min);
  EXPECT_EQ(check(value, kTrust), "second_factor_wrong");
}

TEST_F(WebFlowsTest, AConfirmationNeedsThePersonsOwnCode) {
  enable_totp(alice_);
  enable_totp(bob_);
  const auto started = flows_.start_confirmation(alice_, kTrust, request());
  EXPECT_EQ(code_of(flows_.confirm_purpose(started->id, bob_, code(bob_), actor(bob_))),
            "flow_wrong_person");
  EXPECT_EQ(code_of(flows_.deny(started->id, bob_, actor(bob_))), "flow_wrong_person");
  EXPECT_EQ(code_of(flows_.confirm_purpose(started->id, alice_, "abcdef", actor(alice_))),
            "second_factor_wrong");
  EXPECT_TRUE(poll(started->done_secret)->pending);
  const std::string once = code(alice_);
  EXPECT_TRUE(flows_.confirm_purpose(started->id, alice_, once, actor(alice_)));
  // The code that confirmed is used up for the command line as well.
  EXPECT_EQ(check(once, kTrust), "second_factor_wrong");
}

TEST_F(WebFlowsTest, OneConfirmationDoesNotConfirmAnother) {
  enable_totp(alice_);
  const auto first = flows_.start_confirmation(alice_, kTrust, request());
  ASSERT_TRUE(flows_.confirm_purpose(first->id, alice_, code(alice_), actor(alice_)));
  const std::string value = poll(first->done_secret)->token;
  const auto second = flows_.start_confirmation(alice_, kTrust, request());
  EXPECT_EQ(code_of(flows_.confirm_purpose(second->id, alice_, value, actor(alice_))),
            "second_factor_wrong");
}

TEST_F(WebFlowsTest, KindsAreNotInterchangeable) {
  enable_totp(alice_);
  // Confirming a login must not need less than a confirmation does, nor the other way round.
  const auto confirmation = flows_.start_confirmation(alice_, kTrust, request());
  EXPECT_EQ(code_of(flows_.confirm_login(confirmation->id, alice_, actor(alice_))),
            "flow_not_found");
  const auto login = flows_.start_login(request());
  EXPECT_EQ(code_of(flows_.confirm_purpose(login->id, alice_, code(alice_), actor(alice_))),
            "flow_not_found");
}

TEST_F(WebFlowsTest, GuessesInTheBrowserAreLimited) {
  enable_totp(alice_);
  const auto started = flows_.start_confirmation(alice_, kTrust, request());
  for (int n = 0; n < 10; ++n) {
    EXPECT_EQ(code_of(flows_.confirm_purpose(started->id, alice_, "abcdef", actor(alice_))),
              "second_factor_wrong");
  }
  EXPECT_EQ(code_of(flows_.confirm_purpose(started->id, alice_, code(alice_), actor(alice_))),
            "too_many_attempts");
}

TEST_F(WebFlowsTest, StartsAreLimitedPerAddress) {
  for (int n = 0; n < 100; ++n) ASSERT_TRUE(flows_.start_login(request()));
  EXPECT_EQ(code_of(flows_.start_login(request())), "too_many_attempts");
  http::Request elsewhere = request();
  elsewhere.remote_address = "198.51.100.1";
  EXPECT_TRUE(flows_.start_login(elsewhere));
}

TEST_F(WebFlowsTest, ResponsesForThePollingClient) {
  const auto started = flows_.start_login(request());
  const Actor from = Actor::anonymous("192.0.2.1");
  const auto header = [](const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (http::equal_ignoring_case(key, name)) return value;
    }
    return std::string();
  };
  const http::Response pending = flows_.poll_response(started->done_secret, from);
  EXPECT_EQ(pending.status, 202);
  EXPECT_GE(std::stoi(header(pending, "retry-after")), 1);  // else npm polls in a hot loop
  ASSERT_TRUE(flows_.confirm_login(started->id, alice_, actor(alice_)));
  const http::Response done = flows_.poll_response(started->done_secret, from);
  EXPECT_EQ(done.status, 200);
  const auto body = boost::json::parse(std::get<std::string>(done.body));
  EXPECT_TRUE(is_token(std::string_view(body.at("token").as_string())));
  const http::Response again = flows_.poll_response(started->done_secret, from);
  EXPECT_EQ(again.status, 410);
  // npm goes on to ask for name and password, and prints nothing else of the answer.
  EXPECT_TRUE(header(again, "npm-notice").contains("completed or denied"));
  EXPECT_EQ(flows_.poll_response("unknown", from).status, 404);
}

TEST_F(WebFlowsTest, OldFlowsArePurged) {
  flows_.start_login(request()).value();
  clock_.advance(5min + 1h);
  const auto fresh = flows_.start_login(request());
  EXPECT_EQ(flows_.purge_expired().value(), 1);
  EXPECT_TRUE(flows_.find(fresh->id));
}

}  // namespace
}  // namespace imp::accounts
