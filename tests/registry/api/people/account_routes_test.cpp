#include "accounts/totp.h"
#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

/// Login, logout, profile and access tokens.
class AccountRoutes : public RegistryTest {
 protected:
  Answer couch(std::string name, std::string password, std::string otp = {}) {
    return ask({.method = Method::put,
                .target = "/-/user/org.couchdb.user:" + name,
                .otp = std::move(otp),
                .body = json::serialize(json::object{{"name", name}, {"password", password}})});
  }
  Answer profile(const std::string& token, const json::object& change, std::string otp = {}) {
    return ask({.method = Method::post,
                .target = "/-/npm/v1/user",
                .token = token,
                .otp = std::move(otp),
                .body = json::serialize(change)});
  }
  Answer create(const std::string& token, json::object body, std::string otp = {}) {
    body["password"] = kPassword;
    return ask({.method = Method::post,
                .target = "/-/npm/v1/tokens",
                .token = token,
                .otp = std::move(otp),
                .body = json::serialize(body)});
  }
  std::string who(const std::string& token) { return get("/-/whoami", token).text("username"); }
  User alice = add_user("alice");
};

TEST_F(AccountRoutes, NameAndPasswordGiveAToken) {
  const Answer answer = couch("alice", std::string(kPassword));
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.text("id"), "org.couchdb.user:alice");
  EXPECT_EQ(who(answer.text("token")), "alice");
  const Answer wrong = couch("alice", "wrong password"), nobody = couch("nobody", "wrong password");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.body, nobody.body);
  EXPECT_EQ(ask({.method = Method::put, .target = "/-/user/alice", .body = "{}"}).status, 404);
  EXPECT_EQ(
      ask({.method = Method::put, .target = "/-/user/org.couchdb.user:alice", .body = "x"}).status,
      401);
}

TEST_F(AccountRoutes, ASecondFactorIsAskedAtSignIn) {
  enable_second_factor(alice);
  const Answer challenge = couch("alice", std::string(kPassword));
  EXPECT_EQ(challenge.outcome(), "401 second_factor_required");
  EXPECT_EQ(challenge.header("www-authenticate"), "OTP");
  EXPECT_EQ(couch("alice", std::string(kPassword), otp(alice)).status, 201);
}

TEST_F(AccountRoutes, TheWebSignInIsCollectedOnce) {
  const Answer started = ask({.method = Method::post, .target = "/-/v1/login", .body = "{}"});
  ASSERT_EQ(started.status, 200) << started.body;
  const std::string poll = started.text("doneUrl").substr(kPublicUrl.size());
  const std::string page = started.text("loginUrl");
  const Answer pending = get(poll);
  EXPECT_EQ(pending.status, 202);
  EXPECT_FALSE(pending.header("retry-after").empty());
  const accounts::Actor actor{.person_id = alice.person.id, .name = "alice", .in_browser = true};
  ASSERT_TRUE(
      accounts_->web_flows.confirm_login(page.substr(page.rfind('/') + 1), alice.person, actor));
  const Answer done = get(poll);
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(who(done.text("token")), "alice");
  EXPECT_GE(get(poll).status, 400);
  EXPECT_GE(get("/-/v1/done/unknown").status, 400);
}

TEST_F(AccountRoutes, LogoutEndsTheVeryToken) {
  const std::string second = couch("alice", std::string(kPassword)).text("token");
  const auto log_out = [&](const std::string& token, const std::string& with) {
    return ask({.method = Method::del, .target = "/-/user/token/" + token, .token = with}).status;
  };
  EXPECT_EQ(log_out(second, alice.token), 404);
  EXPECT_EQ(who(second), "alice");
  EXPECT_EQ(log_out(second, second), 204);
  EXPECT_EQ(get("/-/whoami", second).status, 401);
  EXPECT_EQ(who(alice.token), "alice");
}

TEST_F(AccountRoutes, OnlyPeopleSeePeople) {
  EXPECT_EQ(get("/-/user/org.couchdb.user:alice", alice.token).text("email"), "alice@example.test");
  EXPECT_EQ(get("/-/user/org.couchdb.user:alice").status, 401);
  EXPECT_EQ(get("/-/user/org.couchdb.user:nobody", alice.token).status, 404);
}

TEST_F(AccountRoutes, ASecondFactorIsEnabledAndDisabled) {
  EXPECT_EQ(get("/-/npm/v1/user", alice.token).document().at("tfa"), json::value(nullptr));
  EXPECT_EQ(
      profile(alice.token, {{"tfa", {{"mode", "auth-and-writes"}, {"password", "wrong!"}}}}).status,
      401);
  EXPECT_EQ(
      profile(alice.token, {{"tfa", {{"mode", "auth-only"}, {"password", kPassword}}}}).status,
      400);
  EXPECT_EQ(profile(alice.token, {{"tfa", {"123456"}}}).status, 409);
  const Answer begun =
      profile(alice.token, {{"tfa", {{"mode", "auth-and-writes"}, {"password", kPassword}}}});
  ASSERT_TRUE(begun.text("tfa").starts_with("otpauth://")) << begun.body;
  EXPECT_EQ(get("/-/npm/v1/user", alice.token).document().at("tfa").at("pending"),
            json::value(true));
  enable_second_factor(alice);
  EXPECT_EQ(get("/-/npm/v1/user", alice.token).document().at("tfa").at("pending"),
            json::value(false));
  // A second one is not set up over the first.
  EXPECT_EQ(profile(alice.token, {{"tfa", {{"mode", "auth-and-writes"}, {"password", kPassword}}}})
                .status,
            409);
  const json::object disable{{"tfa", {{"mode", "disable"}, {"password", kPassword}}}};
  EXPECT_EQ(profile(alice.token, disable).outcome(), "401 second_factor_required");
  EXPECT_EQ(profile(alice.token, disable, otp(alice)).body, R"({"tfa":null})");
  EXPECT_EQ(get("/-/npm/v1/user", alice.token).document().at("tfa"), json::value(nullptr));
}

TEST_F(AccountRoutes, APasswordIsChangedWithTheOldOne) {
  EXPECT_EQ(
      profile(alice.token, {{"password", {{"old", "wrong one"}, {"new", "another password"}}}})
          .status,
      401);
  EXPECT_EQ(profile(alice.token, {{"password", {{"old", kPassword}, {"new", "another password"}}}})
                .status,
            200);
  EXPECT_EQ(couch("alice", "another password").status, 201);
  EXPECT_EQ(couch("alice", std::string(kPassword)).status, 401);
}

TEST_F(AccountRoutes, ALimitedTokenChangesNoAccount) {
  accounts::NewToken write;
  write.reach.all_packages = true;
  write.reach.packages_permission = accounts::TokenPermission::read_write;
  const std::string limited = granular_token(alice, write);
  EXPECT_EQ(profile(limited, {{"email", "mallory@example.test"}}).status, 403);
  EXPECT_EQ(create(limited, {{"name", "x"}, {"packages_all", true}}).status, 403);
  EXPECT_EQ(get("/-/npm/v1/tokens", limited).status, 403);
  EXPECT_EQ(audited("account.update"),
            std::vector<std::string>{"account.update credential_limited"});
  EXPECT_EQ(audited("token.manage"),
            (std::vector<std::string>(2, "token.manage credential_limited")));
}

TEST_F(AccountRoutes, TokensAreCreatedListedAndRevoked) {
  const Answer made = create(alice.token, {{"name", "ci"},
                                           {"packages", {"@alice/lib"}},
                                           {"packages_and_scopes_permission", "read-only"}});
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string token = made.text("token"), key = made.text("key");
  EXPECT_EQ(who(token), "alice");
  const Answer listed = get("/-/npm/v1/tokens", alice.token);
  EXPECT_FALSE(listed.body.contains(token));
  EXPECT_EQ(listed.document().at("total"), json::value(2));
  EXPECT_TRUE(listed.document().at("urls").is_object());
  EXPECT_EQ(
      ask({.method = Method::del, .target = "/-/npm/v1/tokens/token/" + key, .token = alice.token})
          .status,
      204);
  EXPECT_EQ(get("/-/whoami", token).status, 401);
}

// The npm CLI takes an argument of `token revoke` for a token when it begins with what the list
// calls `token`, and sends it whole.
TEST_F(AccountRoutes, ATokenIsRevokedByItsValue) {
  const Answer made = create(
      alice.token,
      {{"name", "ci"}, {"packages_all", true}, {"packages_and_scopes_permission", "read-only"}});
  const std::string token = made.text("token");
  const json::value listed = get("/-/npm/v1/tokens", alice.token).document();
  bool found = false;
  for (const json::value& one : listed.at("objects").as_array()) {
    const std::string_view beginning = one.at("token").as_string();
    EXPECT_EQ(beginning.size(), std::string_view("imp_aBcD").size());
    found = found || (one.at("name") == "ci" && token.starts_with(beginning));
  }
  EXPECT_TRUE(found) << listed;
  EXPECT_EQ(ask({.method = Method::del,
                 .target = "/-/npm/v1/tokens/token/" + token,
                 .token = alice.token})
                .status,
            204);
  EXPECT_EQ(get("/-/whoami", token).status, 401);
}

TEST_F(AccountRoutes, ScopesAndOrganisationsComeWithOrWithoutTheirAt) {
  const Answer made = create(alice.token, {{"name", "ci"},
                                           {"scopes", {"acme", "@umbrella"}},
                                           {"packages_and_scopes_permission", "read-only"},
                                           {"orgs", {"@acme", "umbrella"}},
                                           {"orgs_permission", "read-only"}});
  ASSERT_EQ(made.status, 201) << made.body;
  std::vector<std::string> names;
  for (const json::value& scope : made.document().at("scopes").as_array()) {
    names.emplace_back(scope.at("name").as_string());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"@acme", "@umbrella", "acme", "umbrella"}));
}

// What `npm profile enable-2fa` sends to turn name and password into a token.
TEST_F(AccountRoutes, TheOldFormOfATokenRequestMakesAPersonalToken) {
  const auto old_form = [&](const json::object& body) {
    return ask({.method = Method::post,
                .target = "/-/npm/v1/tokens",
                .body = json::serialize(body),
                .headers = {{"authorization",
                             "Basic " + base64(bytes_of("alice:" + std::string(kPassword)))}}});
  };
  const Answer full =
      old_form({{"password", kPassword}, {"readonly", false}, {"cidr_whitelist", json::array()}});
  ASSERT_EQ(full.status, 201) << full.body;
  EXPECT_EQ(get("/-/npm/v1/tokens", full.text("token")).status, 200);
  const Answer reading = old_form({{"password", kPassword}, {"readonly", true}});
  ASSERT_EQ(reading.status, 201) << reading.body;
  EXPECT_EQ(publish(reading.text("token"), "@alice/lib", "1.0.0").outcome(),
            "403 package_not_permitted");
  EXPECT_EQ(get("/-/npm/v1/tokens", reading.text("token")).status, 403);
  EXPECT_EQ(old_form({{"password", "wrong"}, {"readonly", false}}).status, 401);
}

// For a 401 npm prints a sentence of its own, chosen by this header; the notice brings ours.
TEST_F(AccountRoutes, WhyACredentialIsRefusedReachesWhoeverUsesNpm) {
  accounts::NewToken brief;
  brief.reach.all_packages = true;
  brief.lifetime = std::chrono::days(1);
  const std::string expired = granular_token(alice, brief);
  clock_.advance(std::chrono::days(1));
  const Answer old = get("/-/whoami", expired);
  EXPECT_EQ(old.header("www-authenticate"), "Bearer");
  EXPECT_TRUE(old.header("npm-notice").contains("expired")) << old.header("npm-notice");
  const Answer wrong = couch("alice", "wrong password");
  EXPECT_EQ(wrong.header("www-authenticate"), "Basic");
  EXPECT_EQ(wrong.header("npm-notice"), wrong.text("error"));
}

TEST_F(AccountRoutes, AWrongCodeDuringSetUpIsNoChallenge) {
  const Answer begun =
      profile(alice.token, {{"tfa", {{"mode", "auth-and-writes"}, {"password", kPassword}}}});
  ASSERT_EQ(begun.status, 200) << begun.body;
  const Answer wrong = profile(alice.token, {{"tfa", {"000000"}}});
  EXPECT_EQ(wrong.outcome(), "400 second_factor_unconfirmed");
  EXPECT_EQ(wrong.header("www-authenticate"), "");
  for (int attempt = 0; attempt < 9; ++attempt) profile(alice.token, {{"tfa", {"000000"}}});
  EXPECT_EQ(profile(alice.token, {{"tfa", {"000000"}}}).outcome(), "429 too_many_attempts");
}

TEST_F(AccountRoutes, OddTokenRequestsAreRefused) {
  const std::vector<json::object> bodies = {
      {{"packages_all", true}},
      {{"name", "x"}, {"packages", "all"}},
      {{"name", "x"}, {"packages", {1}}},
      {{"name", "x"}, {"packages_all", true}, {"packages_and_scopes_permission", "root"}},
      {{"name", "x"},
       {"packages_all", true},
       {"packages_and_scopes_permission", "read-only"},
       {"expires", 0}},
      {{"name", "x"},
       {"packages_all", true},
       {"packages_and_scopes_permission", "read-only"},
       {"expires", "7"}},
      {{"name", "x"},
       {"packages_all", true},
       {"packages_and_scopes_permission", "read-write"},
       {"expires", 3650}},
      {{"name", "x"},
       {"packages_all", true},
       {"packages_and_scopes_permission", "read-only"},
       {"cidr", {"x"}}}};
  for (const json::object& body : bodies) {
    EXPECT_EQ(create(alice.token, body).status, 400) << json::serialize(body);
  }
  enable_second_factor(alice);
  const json::object good{
      {"name", "x"}, {"packages_all", true}, {"packages_and_scopes_permission", "read-only"}};
  EXPECT_EQ(create(alice.token, good).outcome(), "401 second_factor_required");
  EXPECT_EQ(create(alice.token, good, otp(alice)).status, 201);
}

TEST_F(AccountRoutes, NobodyRevokesAnothersToken) {
  const User mallory = add_user("mallory");
  const std::string key = get("/-/npm/v1/tokens", alice.token)
                              .document()
                              .at("objects")
                              .at(0)
                              .at("key")
                              .as_string()
                              .c_str();
  EXPECT_EQ(ask({.method = Method::del,
                 .target = "/-/npm/v1/tokens/token/" + key,
                 .token = mallory.token})
                .status,
            404);
  EXPECT_EQ(ask({.method = Method::del,
                 .target = "/-/npm/v1/tokens/token/" + alice.token,
                 .token = mallory.token})
                .status,
            404);
  EXPECT_EQ(who(alice.token), "alice");
}

}  // namespace
}  // namespace imp::registry::test
