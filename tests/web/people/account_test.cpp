#include "web/fixture.h"

namespace imp::web {
namespace {

using AccountPagesTest = WebTest;

TEST_F(AccountPagesTest, ASecondFactorIsSetUpWithPasswordAndCode) {
  const auto alice = person("alice");
  Browser browser = signed_in("alice");
  EXPECT_EQ(browser.post("/account/second-factor/begin", {{"password", "wrong"}}).status, 401);
  EXPECT_FALSE(accounts_->second_factors.state(alice.id)->pending);
  EXPECT_EQ(browser.post("/account/second-factor/begin", {{"password", std::string(kPassword)}})
                .header("location"),
            "/account/second-factor");
  const Answer setup = browser.get("/account/second-factor");
  EXPECT_TRUE(setup.has("<svg"));
  EXPECT_EQ(browser.post("/account/second-factor/confirm", {{"code", "000000"}}).status, 400);
  EXPECT_FALSE(accounts_->second_factors.state(alice.id)->enabled);
}

TEST_F(AccountPagesTest, WithASecondFactorChangesNeedACode) {
  const auto alice = person("alice");
  const auto codes = enable_totp(alice);
  Browser browser = signed_in("alice");
  const std::string password(kPassword);
  const std::pair<std::string, Fields> forms[] = {
      {"/account/profile", {{"email", "new@example.test"}}},
      {"/account/password",
       {{"password", password}, {"new", "another good one"}, {"again", "another good one"}}},
      {"/account/tokens", {{"token_name", "laptop"}}},
      {"/account/second-factor/recovery-codes", {}},
      {"/account/second-factor/disable", {{"password", password}}},
  };
  std::size_t next = 0;
  for (const auto& [path, fields] : forms) {
    EXPECT_EQ(browser.post(path, fields).status, 401) << path;
    Fields wrong = fields;
    wrong.emplace_back("otp", "000000");
    EXPECT_EQ(browser.post(path, wrong).status, 401) << path;
  }
  EXPECT_EQ(accounts_->people.by_name("alice")->email, "alice@example.test");
  EXPECT_TRUE(accounts_->second_factors.state(alice.id)->enabled);
  Fields right = forms[0].second;
  right.emplace_back("otp", codes[next++]);
  EXPECT_EQ(browser.post(forms[0].first, right).status, 303);
  EXPECT_EQ(accounts_->people.by_name("alice")->email, "new@example.test");
  // A code is good for one change.
  EXPECT_EQ(browser.post(forms[0].first, right).status, 401);
}

TEST_F(AccountPagesTest, ATokenIsShownOnceAndWorks) {
  person("alice");
  Browser browser = signed_in("alice");
  const Answer made = browser.post("/account/tokens", {{"token_name", "laptop"}});
  EXPECT_EQ(made.status, 200);
  const auto at = made.body.find("<code>imp_");
  ASSERT_NE(at, std::string::npos);
  const std::string token = made.body.substr(at + 6, made.body.find('<', at + 6) - at - 6);
  EXPECT_TRUE(accounts_->tokens.verify(token, "192.0.2.1"));
  EXPECT_FALSE(browser.get("/account").has(token));
}

TEST_F(AccountPagesTest, OtherPeoplesTokensAndSessionsAreOutOfReach) {
  const auto alice = person("alice");
  person("mallory");
  Browser victim = signed_in("alice");
  victim.post("/account/tokens", {{"token_name", "laptop"}});
  const std::string key = accounts_->tokens.list(alice.id)->front().key;
  const std::string session = accounts_->sessions.list(alice.id)->front().id;
  Browser attacker = signed_in("mallory");
  EXPECT_GE(attacker.post("/account/tokens/" + key + "/revoke").status, 400);
  attacker.post("/account/sessions/" + session + "/end");
  EXPECT_EQ(accounts_->tokens.list(alice.id)->size(), 1u);
  EXPECT_EQ(victim.get("/account").status, 200);
}

TEST_F(AccountPagesTest, ANewPasswordSignsOtherBrowsersOut) {
  person("alice");
  Browser here = signed_in("alice"), there = signed_in("alice");
  EXPECT_EQ(here.post("/account/password", {{"password", std::string(kPassword)},
                                            {"new", "another good one"},
                                            {"again", "another good one"}})
                .status,
            303);
  EXPECT_EQ(here.get("/account").status, 200);
  EXPECT_EQ(there.get("/account").status, 303);
}

}  // namespace
}  // namespace imp::web
