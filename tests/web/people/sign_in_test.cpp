#include "web/fixture.h"
#include "web/frame/handlers.h"

namespace imp::web {
namespace {

using SignInPagesTest = WebTest;

TEST_F(SignInPagesTest, APasswordIsEnoughWithoutASecondFactor) {
  person("alice");
  Browser browser{*this};
  EXPECT_TRUE(browser.get("/login?next=%2Faccount").has("value=\"/account\""));
  const Answer answer = browser.post(
      "/login", {{"name", "alice"}, {"password", std::string(kPassword)}, {"next", "/account"}});
  EXPECT_EQ(answer.status, 303);
  EXPECT_EQ(answer.header("location"), "/account");
  EXPECT_EQ(browser.get("/account").status, 200);
}

TEST_F(SignInPagesTest, AWrongPasswordShowsTheFormAgainAndTheNameButNotThePassword) {
  person("alice");
  Browser browser{*this};
  const Answer answer = browser.post("/login", {{"name", "alice"}, {"password", "wrong guess"}});
  EXPECT_EQ(answer.status, 401);
  EXPECT_TRUE(answer.has("value=\"alice\""));
  EXPECT_FALSE(answer.has("wrong guess"));
  EXPECT_TRUE(answer.header("www-authenticate").empty());  // it would open the browser's own prompt
  EXPECT_TRUE(browser.cookie.empty());
}

TEST_F(SignInPagesTest, HalfwayIsNobody) {
  const auto codes = enable_totp(person("alice"));
  Browser browser{*this};
  browser.get("/login");
  const Answer first = browser.post(
      "/login", {{"name", "alice"}, {"password", std::string(kPassword)}, {"next", "/account"}});
  EXPECT_EQ(first.header("location"), "/login/code?next=%2Faccount");
  EXPECT_EQ(browser.get("/account").status, 303);
  browser.get("/login/code");
  EXPECT_EQ(browser.post("/org", {{"name", "mine"}}).header("location").substr(0, 6), "/login");
  EXPECT_EQ(browser.post("/login/code", {{"otp", "000000"}}).status, 401);
  EXPECT_EQ(browser.get("/account").status, 303);
  const std::string before = browser.cookie;
  browser.get("/login/code");
  const Answer done = browser.post("/login/code", {{"otp", codes[0]}, {"next", "/account"}});
  EXPECT_EQ(done.header("location"), "/account");
  EXPECT_NE(browser.cookie, before);  // no fixation
  EXPECT_EQ(browser.get("/account").status, 200);
  Browser old{*this};
  old.cookie = before;
  EXPECT_EQ(old.get("/account").status, 303);
}

TEST_F(SignInPagesTest, SigningOutEndsTheSession) {
  person("alice");
  Browser browser = signed_in("alice");
  const std::string cookie = browser.cookie;
  EXPECT_EQ(browser.post("/logout").status, 303);
  browser.cookie = cookie;
  EXPECT_EQ(browser.get("/account").status, 303);
}

TEST_F(SignInPagesTest, TheWayBackStaysOnThisServer) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/org/acme?q=1", "/org/acme?q=1"},
      {"", "/"},
      {"https://evil.example/", "/"},
      {"//evil.example/", "/"},
      {"/\\evil.example", "/"},
      {"/a\r\nset-cookie: x=y", "/"},
      {"\t/x", "/"},
      {"javascript:alert(1)", "/"},
      {"/caf\xc3\xa9", "/"},
  };
  for (const auto& [given, expected] : cases) EXPECT_EQ(local_path(given), expected) << given;
  person("alice");
  Browser browser{*this};
  const Answer answer = browser.post(
      "/login",
      {{"name", "alice"}, {"password", std::string(kPassword)}, {"next", "//evil.example"}});
  EXPECT_EQ(answer.header("location"), "/");
}

TEST_F(SignInPagesTest, TheFirstAdministratorComesFromTheLinkOnce) {
  const std::string token = accounts_->bootstrap.setup_token().value().value();
  Browser browser{*this};
  EXPECT_EQ(browser.get("/setup/" + std::string(token.size(), 'x')).status, 403);
  EXPECT_EQ(browser.get("/setup/" + token).status, 200);
  const Fields fields{{"name", "root"},
                      {"email", "root@example.test"},
                      {"password", std::string(kPassword)},
                      {"again", std::string(kPassword)}};
  Fields typo = fields;
  typo.back().second = "something else";
  EXPECT_EQ(browser.post("/setup/" + token, typo).status, 400);
  EXPECT_EQ(browser.post("/setup/" + token, fields).status, 303);
  EXPECT_EQ(browser.get("/account").status, 200);
  EXPECT_TRUE(accounts_->people.by_name("root")->is_admin);
  Browser late{*this};
  EXPECT_GE(late.get("/setup/" + token).status, 400);
}

TEST_F(SignInPagesTest, TheCommandLineIsLetInByAPersonOnly) {
  person("alice");
  const auto flow =
      accounts_->web_flows.start_login(request(http::Method::post, "/-/v1/login")).value();
  Browser browser = signed_in("alice");
  EXPECT_TRUE(browser.get("/login/cli/" + flow.id).has("Let a command line in?"));
  EXPECT_TRUE(accounts_->web_flows.poll(flow.done_secret, accounts::Actor::anonymous("192.0.2.1"))
                  ->pending);
  EXPECT_EQ(browser.post("/login/cli/" + flow.id, {{"answer", "yes"}}).status, 303);
  EXPECT_TRUE(browser.get("/login/cli/" + flow.id).has("Go back to your command line"));
  EXPECT_FALSE(accounts_->web_flows.poll(flow.done_secret, accounts::Actor::anonymous("192.0.2.1"))
                   ->token.empty());
}

TEST_F(SignInPagesTest, AConfirmationNeedsTheCodeOfTheirOwnPerson) {
  const auto alice = person("alice");
  person("mallory");
  const auto codes = enable_totp(alice);
  const auto flow = accounts_->web_flows
                        .start_confirmation(alice, {.action = "trust.create", .subject = "lib"},
                                            request(http::Method::post, "/-/package/lib/trust"))
                        .value();
  const std::string path = "/login/cli/" + flow.id;
  EXPECT_EQ(signed_in("mallory").post(path, {{"answer", "yes"}, {"otp", codes[0]}}).status, 403);
  Browser browser = signed_in("alice");
  EXPECT_EQ(browser.post(path, {{"answer", "yes"}, {"otp", "000000"}}).status, 401);
  EXPECT_EQ(browser.post(path, {{"answer", "yes"}, {"otp", codes[0]}}).status, 303);
}

}  // namespace
}  // namespace imp::web
