#include <boost/json.hpp>

#include "web/fixture.h"

namespace imp::web {
namespace {

class HookPagesTest : public WebTest {
 protected:
  HookPagesTest() : alice(person("alice")), codes(enable_totp(alice)) {
    publish("lib", "1.0.0", alice);
  }
  accounts::Person alice;
  std::vector<std::string> codes;
};

TEST_F(HookPagesTest, AreSetUpChangedAndRemoved) {
  Browser browser = signed_in("alice");
  EXPECT_EQ(
      browser.post("/package/lib/hooks", {{"url", "http://hooks.example/"}, {"otp", codes[0]}})
          .status,
      400);
  const Answer made = browser.post(
      "/package/lib/hooks",
      {{"url", "https://hooks.example/?a=1&b=2"}, {"event", "release.staged"}, {"otp", codes[0]}});
  EXPECT_EQ(made.status, 200);
  EXPECT_TRUE(made.has("whsec_"));
  const Answer page = browser.get("/package/lib/hooks");
  EXPECT_FALSE(page.has("whsec_"));
  EXPECT_TRUE(page.has("https://hooks.example/?a=1&amp;b=2"));
  EXPECT_FALSE(page.has("?a=1&b=2"));
  stage("lib", "1.1.0", alice);
  const auto id = store_->database->read([&](db::Session& session) -> Result<std::string> {
    return session.row("SELECT id FROM hook")->text(0);
  });
  EXPECT_EQ(browser
                .post("/package/lib/hooks/change",
                      {{"hook", *id}, {"url", "https://other.example/"}, {"otp", codes[1]}})
                .status,
            303);
  EXPECT_TRUE(browser.get("/package/lib/hooks").has("https://other.example/"));
  EXPECT_EQ(browser.post("/package/lib/hooks/remove", {{"hook", *id}, {"otp", codes[2]}}).status,
            303);
  EXPECT_EQ(count("SELECT COUNT(*) FROM hook"), 0);
}

TEST_F(HookPagesTest, ARefusedChangeIsExplainedAtItsOwnForm) {
  Browser browser = signed_in("alice");
  const Answer refused = browser.post("/package/lib/hooks/change",
                                      {{"hook", "the-one"}, {"url", "http://typed.example/"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(refused.has("the-one")) << refused.body;
  EXPECT_FALSE(refused.has("value=\"http://typed.example/\""));
  // What is to be added is there again.
  EXPECT_TRUE(browser.post("/package/lib/hooks", {{"url", "http://typed.example/"}})
                  .has("value=\"http://typed.example/\""));
}

TEST_F(HookPagesTest, WhatWasTypedIsKeptWhereItWasTyped) {
  Browser browser = signed_in("alice");
  const Answer made =
      browser.post("/package/lib/hooks", {{"url", "https://hooks.example/"}, {"otp", codes[0]}});
  // It has been added: it is not to be added once more.
  EXPECT_FALSE(made.has("value=\"https://hooks.example/\" placeholder"));
  const auto id = store_->database->read([&](db::Session& session) -> Result<std::string> {
    return session.row("SELECT id FROM hook")->text(0);
  });
  const Answer refused = browser.post(
      "/package/lib/hooks/change",
      {{"hook", *id}, {"url", "http://typed.example/"}, {"event", "release.rejected"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_TRUE(refused.has("value=\"http://typed.example/\"></label>"));
  EXPECT_TRUE(refused.has("value=\"release.rejected\" checked"));
  EXPECT_FALSE(refused.has("value=\"http://typed.example/\" placeholder"));
  EXPECT_TRUE(refused.has("data-field=\"url\""));
}

// As when they try it over the API.
TEST_F(HookPagesTest, WhoMayNotIsWrittenDown) {
  const auto acme = organization("acme", alice);
  const auto bob = person("bob");
  ASSERT_TRUE(accounts_->organizations.set_member(acme, bob, accounts::Role::member,
                                                  accounts::Actor::system()));
  Browser browser = signed_in("bob");
  EXPECT_EQ(browser.get("/org/acme/hooks").status, 403);
  using testing::ElementsAre;
  EXPECT_THAT(audited("package_not_permitted"), ElementsAre());
  for (const std::string base : {"/org/acme/hooks", "/package/lib/hooks"}) {
    EXPECT_EQ(browser.post(base, {{"url", "https://hooks.example/"}}).status, 403);
    EXPECT_EQ(browser.post(base + "/change", {{"url", "https://hooks.example/"}}).status, 403);
    EXPECT_EQ(browser.post(base + "/remove").status, 403);
    EXPECT_EQ(browser.post(base + "/redeliver").status, 403);
  }
  EXPECT_EQ(browser.post("/org/acme/releases", {{"approvals", "1"}}).status, 403);
  EXPECT_EQ(browser.post("/package/lib/settings/check", {{"claims", "ref = x"}}).status, 403);
  EXPECT_THAT(
      audited("package_not_permitted"),
      ElementsAre("hook.add", "hook.change", "hook.remove", "hook.redeliver", "hook.add",
                  "hook.change", "hook.remove", "hook.redeliver", "stage.policy", "trust.check"));
}

TEST_F(HookPagesTest, OthersHaveNone) {
  person("mallory");
  Browser mallory = signed_in("mallory");
  EXPECT_EQ(mallory.get("/package/lib/hooks").status, 403);
  EXPECT_EQ(mallory.post("/package/lib/hooks", {{"url", "https://hooks.example/"}}).status, 403);
  EXPECT_EQ(mallory.get("/org/none/hooks").status, 404);
  EXPECT_EQ(Browser{*this}.get("/package/lib/hooks").status, 303);
  EXPECT_EQ(count("SELECT COUNT(*) FROM hook"), 0);
}

}  // namespace
}  // namespace imp::web
