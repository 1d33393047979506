#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "fixture.h"

namespace imp::accounts {
namespace {

using testing::HasSubstr;

const Requirement kStrict{.purpose = {.action = "trust.create", .subject = "left-pad"}};
const Requirement kPublish{.purpose = {.action = "package.publish", .subject = "left-pad"},
                           .without_factor = WithoutFactor::allow,
                           .bypass_tokens = true};

std::string header_of(const http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (http::equal_ignoring_case(key, name)) return value;
  }
  return {};
}
boost::json::object body_of(const http::Response& response) {
  return boost::json::parse(std::get<std::string>(response.body)).as_object();
}

class SecondFactorGateTest : public AccountsTest {
 protected:
  Caller caller(const Person& person, bool bypass_2fa = false) {
    Caller caller = Caller::with_password(person, request());
    if (!bypass_2fa) return caller;
    caller.kind = CallerKind::token;
    caller.token = std::make_shared<const AccessToken>(AccessToken{.bypass_2fa = true});
    return caller;
  }
  auto require(const http::Request& request, const Caller& caller, const Requirement& what) {
    return accounts_->second_factor_gate.require(request, caller, what);
  }
  Person alice_ = person("alice");
};

TEST_F(SecondFactorGateTest, PeopleWithoutASecondFactor) {
  EXPECT_EQ(require(request(), caller(alice_), kPublish)->kind, FactorKind::none);
  const auto refused = require(request(), caller(alice_), kStrict);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 403);
  EXPECT_THAT(std::string(body_of(refused.error()).at("error").as_string()),
              HasSubstr("Please enable 2fa for your account"));
  // A code that nobody can check does not help.
  EXPECT_FALSE(require(request({{"npm-otp", "123456"}}), caller(alice_), kStrict));
}

TEST_F(SecondFactorGateTest, AnonymousCallersAreAskedToSignInFirst) {
  const auto refused = require(request(), Caller::anonymous(request()), kPublish);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 401);
  EXPECT_EQ(header_of(refused.error(), "www-authenticate"), "Bearer");
}

TEST_F(SecondFactorGateTest, ClassicChallenge) {
  enable_totp(alice_);
  // Web form only with both headers: other clients could not follow it.
  for (const http::Headers& headers :
       {http::Headers{}, http::Headers{{"npm-auth-type", "web"}},
        http::Headers{{"npm-auth-type", "legacy"}, {"npm-command", "trust"}},
        http::Headers{{"npm-command", "trust"}}}) {
    const auto challenged = require(request(headers), caller(alice_), kStrict);
    ASSERT_FALSE(challenged);
    EXPECT_EQ(challenged.error().status, 401);
    EXPECT_EQ(header_of(challenged.error(), "www-authenticate"), "OTP");
    const auto body = body_of(challenged.error());
    EXPECT_THAT(std::string(body.at("error").as_string()), HasSubstr("one-time pass"));
    EXPECT_EQ(body.at("error"), body.at("message"));
    EXPECT_FALSE(body.contains("authUrl"));
  }
}

TEST_F(SecondFactorGateTest, WebChallengeFromUrlToRepeatedRequest) {
  enable_totp(alice_);
  const http::Headers npm{{"npm-auth-type", "web"}, {"npm-command", "trust"}};
  const auto challenged = require(request(npm), caller(alice_), kStrict);
  ASSERT_FALSE(challenged);
  EXPECT_EQ(challenged.error().status, 401);
  EXPECT_EQ(header_of(challenged.error(), "www-authenticate"), "OTP");
  const auto body = body_of(challenged.error());
  const std::string page(body.at("authUrl").as_string());
  const std::string done(body.at("doneUrl").as_string());
  ASSERT_TRUE(page.starts_with(std::string(kPublicUrl) + std::string(kFlowPagePath)));
  ASSERT_TRUE(done.starts_with(std::string(kPublicUrl) + std::string(kFlowDonePath)));
  const std::string id = page.substr(kPublicUrl.size() + kFlowPagePath.size());
  const std::string secret = done.substr(kPublicUrl.size() + kFlowDonePath.size());

  ASSERT_TRUE(accounts_->web_flows.confirm_purpose(id, alice_, code(alice_), actor(alice_)));
  const auto polled = accounts_->web_flows.poll(secret, actor(alice_));
  const http::Headers repeated{{"npm-otp", polled->token}};
  EXPECT_EQ(require(request(repeated), caller(alice_), kStrict)->kind,
            FactorKind::web_confirmation);
  EXPECT_FALSE(require(request(repeated), caller(alice_), kStrict));
}

TEST_F(SecondFactorGateTest, CodesInHeaderAndForm) {
  const auto codes = enable_totp(alice_);
  EXPECT_EQ(require(request({{"npm-otp", code(alice_)}}), caller(alice_), kStrict)->kind,
            FactorKind::totp);
  http::Request form =
      request({{"content-type", "application/x-www-form-urlencoded"}}, http::Method::post);
  form.body = "otp=" + codes[0];
  EXPECT_EQ(require(form, caller(alice_), kStrict)->kind, FactorKind::recovery_code);
}

TEST_F(SecondFactorGateTest, AWrongCodeIsChallengedAgainAndSaysSo) {
  enable_totp(alice_);
  const auto challenged = require(request({{"npm-otp", "abcdef"}}), caller(alice_), kStrict);
  ASSERT_FALSE(challenged);
  EXPECT_EQ(challenged.error().status, 401);
  EXPECT_EQ(header_of(challenged.error(), "www-authenticate"), "OTP");
  const std::string message(body_of(challenged.error()).at("message").as_string());
  EXPECT_THAT(message, HasSubstr("wrong"));
  EXPECT_THAT(message, HasSubstr("one-time pass"));
}

TEST_F(SecondFactorGateTest, TooManyGuessesAre429) {
  enable_totp(alice_);
  for (int n = 0; n < 10; ++n) {
    EXPECT_FALSE(require(request({{"npm-otp", "abcdef"}}), caller(alice_), kStrict));
  }
  EXPECT_EQ(require(request({{"npm-otp", code(alice_)}}), caller(alice_), kStrict).error().status,
            429);
}

TEST_F(SecondFactorGateTest, BypassTokensCountOnlyWhereTheyMay) {
  enable_totp(alice_);
  EXPECT_TRUE(require(request(), caller(alice_, true), kPublish));
  EXPECT_FALSE(require(request(), caller(alice_, true), kStrict));
  EXPECT_FALSE(require(request(), caller(alice_, false), kPublish));
}

// A browser that somebody walked away from, or that a page steers, changes nothing.
TEST_F(SecondFactorGateTest, ASessionThatWasJustConfirmedIsAskedAgain) {
  enable_totp(alice_);
  Caller browser = caller(alice_);
  browser.kind = CallerKind::session;
  browser.session = BrowserSession{.second_factor_at = clock_.now()};
  EXPECT_EQ(require(request(), browser, kStrict).error().status, 401);
  EXPECT_TRUE(require(request({{"npm-otp", code(alice_)}}), browser, kStrict));
}

}  // namespace
}  // namespace imp::accounts
