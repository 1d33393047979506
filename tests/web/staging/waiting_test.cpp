#include "web/fixture.h"

namespace imp::web {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Releases of three packages wait: two of alice's organisation, one of mallory's own.
class WaitingTest : public WebTest {
 protected:
  WaitingTest() {
    alice = person("alice");
    mallory = person("mallory");
    acme = organization("acme", alice);
    stage("@acme/lib", "1.0.0", alice);
    clock_.advance(std::chrono::minutes(1));
    stage("@acme/tool", "2.0.0", alice);
    stage("theirs", "6.6.6", mallory);
  }
  accounts::Person alice, mallory;
  accounts::Organization acme;
};

TEST_F(WaitingTest, OnePageHasEverythingThatOnePersonMayDecide) {
  const Answer answer = signed_in("alice").get("/staged");
  EXPECT_EQ(answer.status, 200);
  const auto first = answer.body.find("href=\"/package/@acme/tool/staged/");
  const auto second = answer.body.find("href=\"/package/@acme/lib/staged/");
  EXPECT_LT(first, second) << "the newest first";
  EXPECT_NE(second, std::string::npos);
  EXPECT_THAT(answer.body, Not(HasSubstr("theirs")));
}

TEST_F(WaitingTest, EveryPageSaysHowManyWaitAndLeadsThere) {
  Browser browser = signed_in("alice");
  for (const std::string path : {"/", "/account", "/org/acme"}) {
    EXPECT_THAT(
        browser.get(path).body,
        HasSubstr("<a href=\"/staged\">To approve <span class=\"pill waiting\">2</span></a>"))
        << path;
  }
  EXPECT_THAT(browser.get("/").body, HasSubstr("2 waiting for your approval"));
}

TEST_F(WaitingTest, WhoHasNothingToDecideIsToldSo) {
  person("bob");
  Browser browser = signed_in("bob");
  EXPECT_THAT(browser.get("/staged").body, HasSubstr("Nothing waits for you."));
  EXPECT_THAT(browser.get("/").body, HasSubstr("none waiting for you"));
  EXPECT_THAT(browser.get("/").body, Not(HasSubstr("To approve")));
}

TEST_F(WaitingTest, ManyAreOnSeveralPages) {
  for (int i = 0; i < 60; ++i) stage("@acme/many", "1.0." + std::to_string(i), alice);
  Browser browser = signed_in("alice");
  const Answer first = browser.get("/staged");
  EXPECT_THAT(first.body, HasSubstr("href=\"/staged?page=1\">Older"));
  EXPECT_THAT(first.body, Not(HasSubstr("Newer")));
  const Answer second = browser.get("/staged?page=1");
  EXPECT_THAT(second.body, HasSubstr("href=\"/staged?page=0\">Newer"));
  EXPECT_THAT(second.body, HasSubstr("@acme/lib"));
  EXPECT_THAT(second.body, Not(HasSubstr("Older")));
  EXPECT_THAT(first.body, HasSubstr("<span class=\"pill waiting\">62</span>"));
  for (int i = 0; i < 60; ++i) stage("@acme/more", "1.0." + std::to_string(i), alice);
  EXPECT_THAT(browser.get("/account").body, HasSubstr("<span class=\"pill waiting\">99+</span>"));
  for (const std::string page : {"-1", "x", "99999999999999999999"}) {
    EXPECT_EQ(browser.get("/staged?page=" + page).body.contains("@acme/many"), true) << page;
  }
}

TEST_F(WaitingTest, APackageOfThatNameIsStillInstalled) {
  publish("staged", "1.0.0", alice);
  const Answer packument = Browser{*this}.get("/staged", {{"Accept", "application/json"}});
  EXPECT_EQ(packument.status, 200);
}

}  // namespace
}  // namespace imp::web
