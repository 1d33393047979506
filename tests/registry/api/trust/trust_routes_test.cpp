#include "registry/api/registry_fixture.h"

namespace imp::registry::test {
namespace {

constexpr std::string_view kPath = "/-/package/@alice%2flib/trust";

std::string config(std::string_view member = {}, std::string_view json_text = {}) {
  json::object item{{"type", "circleci"},
                    {"claims", trust::test::publisher_claims()},
                    {"permissions", {"createPackage", "createStagedPackage"}}};
  if (!member.empty()) item = trust::test::changed(item, member, json_text);
  return json::serialize(json::array{item});
}

class TrustRoutes : public RegistryTest {
 protected:
  TrustRoutes() { EXPECT_EQ(publish(alice.token, "@alice/lib", "1.0.0", otp(alice)).status, 201); }

  Answer post(std::string body, std::string otp, http::Headers headers = {}) {
    return ask({.method = Method::post,
                .target = std::string(kPath),
                .token = alice.token,
                .otp = std::move(otp),
                .body = std::move(body),
                .headers = std::move(headers)});
  }
  Answer list(const std::string& token, std::string otp = {}) {
    return ask({.target = std::string(kPath), .token = token, .otp = std::move(otp)});
  }
  std::string created() {
    return post(config(), otp(alice)).document().at(0).at("id").as_string().c_str();
  }
  Answer revoke(const std::string& id, std::string otp) {
    return ask({.method = Method::del,
                .target = std::string(kPath) + "/" + id,
                .token = alice.token,
                .otp = std::move(otp)});
  }

  User alice = add_user("alice", true);
};

TEST_F(TrustRoutes, CreateListAndRevoke) {
  EXPECT_EQ(list(alice.token, otp(alice)).body, "[]");
  const Answer made = post(config(), otp(alice));
  ASSERT_EQ(made.status, 200) << made.body;
  const json::value item = made.document().at(0);
  EXPECT_EQ(item.at("type"), json::value("circleci"));
  EXPECT_EQ(item.at("claims"), json::value(trust::test::publisher_claims()));
  EXPECT_EQ(list(alice.token, otp(alice)).document(), made.document());
  const std::string id(item.at("id").as_string());
  EXPECT_EQ(revoke(id, otp(alice)).status, 204);
  EXPECT_EQ(revoke(id, otp(alice)).outcome(), "404 publisher_not_found");
  EXPECT_EQ(list(alice.token, otp(alice)).body, "[]");
  EXPECT_EQ(audited("trust.create"), std::vector<std::string>{"trust.create granted"});
  EXPECT_EQ(audited("trust.revoke").front(), "trust.revoke granted");
}

TEST_F(TrustRoutes, ABareObjectIsTakenToo) {
  const std::string one = config();
  EXPECT_EQ(post(one.substr(1, one.size() - 2), otp(alice)).status, 200);
}

TEST_F(TrustRoutes, TheClassicChallengeIsRecognisedByNpm) {
  for (const Answer& answer :
       {list(alice.token), post(config(), ""), revoke(trust::test::kOther, "")}) {
    EXPECT_EQ(answer.outcome(), "401 second_factor_required");
    EXPECT_EQ(answer.header("www-authenticate"), "OTP");
    EXPECT_TRUE(answer.text("error").contains("one-time pass"));
    EXPECT_TRUE(answer.text("authUrl").empty());
  }
}

TEST_F(TrustRoutes, TheChallengeOnTheWebIsConfirmedThere) {
  const http::Headers web{{"npm-auth-type", "web"}, {"npm-command", "trust"}};
  const Answer challenge = post(config(), "", web);
  ASSERT_EQ(challenge.outcome(), "401 second_factor_required");
  const std::string page = challenge.text("authUrl"), done = challenge.text("doneUrl");
  ASSERT_TRUE(page.starts_with(kPublicUrl) && done.starts_with(kPublicUrl));
  const std::string poll = done.substr(kPublicUrl.size());
  const Answer pending = get(poll);
  EXPECT_EQ(pending.status, 202);
  EXPECT_FALSE(pending.header("retry-after").empty());
  const accounts::Actor actor{.person_id = alice.person.id, .name = "alice", .in_browser = true};
  ASSERT_TRUE(accounts_->web_flows.confirm_purpose(page.substr(page.rfind('/') + 1), alice.person,
                                                   otp(alice), actor));
  const Answer confirmed = get(poll);
  ASSERT_EQ(confirmed.status, 200);
  const std::string value = confirmed.text("token");
  EXPECT_NE(get(poll).status, 200);  // handed out once
  // It is good for this action on this package, once.
  EXPECT_EQ(ask({.method = Method::del,
                 .target = std::string(kPath) + "/" + trust::test::kOther,
                 .token = alice.token,
                 .otp = value,
                 .headers = web})
                .outcome(),
            "401 second_factor_required");
  EXPECT_EQ(post(config(), value, web).status, 200);
  EXPECT_EQ(post(config(), value, web).outcome(), "401 second_factor_required");
}

TEST_F(TrustRoutes, AWrongOrUsedCodeIsChallengedAgain) {
  EXPECT_EQ(post(config(), "000000").outcome(), "401 second_factor_required");
  const std::string code = otp(alice);
  EXPECT_EQ(list(alice.token, code).status, 200);
  EXPECT_EQ(post(config(), code).outcome(), "401 second_factor_required");
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher"), 0);
}

TEST_F(TrustRoutes, WithoutASecondFactorNobodyChangesTrust) {
  const User bob = add_user("bob");
  ASSERT_EQ(publish(bob.token, "@bob/lib", "1.0.0").status, 201);
  const Answer answer = ask({.method = Method::post,
                             .target = "/-/package/@bob%2flib/trust",
                             .token = bob.token,
                             .body = config()});
  EXPECT_EQ(answer.outcome(), "403 second_factor_not_enabled");
  EXPECT_TRUE(answer.text("message").starts_with("Please enable 2fa for your account"));
}

TEST_F(TrustRoutes, OnlyThoseWhoGovernThePackageSeeOrChangeTrust) {
  User mallory = add_user("mallory", true);
  EXPECT_EQ(list(mallory.token, otp(mallory)).outcome(), "403 package_not_permitted");
  EXPECT_EQ(list("").outcome(), "401 not_signed_in");
  EXPECT_EQ(ask({.target = "/-/package/@nobody%2fabsent/trust", .token = alice.token}).outcome(),
            "404 package_not_found");
}

TEST_F(TrustRoutes, AMemberIsNoAdmin) {
  User bob = add_user("bob", true);
  const auto acme = add_organization("acme", alice);
  set_member(acme, bob, accounts::Role::member);
  ASSERT_EQ(publish(alice.token, "@acme/lib", "1.0.0", otp(alice)).status, 201);
  const auto asked = [&](const User& user) {
    return ask({.method = Method::post,
                .target = "/-/package/@acme%2flib/trust",
                .token = user.token,
                .otp = otp(user),
                .body = config()})
        .outcome();
  };
  EXPECT_EQ(asked(bob), "403 package_not_permitted");
  set_member(acme, bob, accounts::Role::admin);
  EXPECT_EQ(asked(bob), "200 ok");
}

TEST_F(TrustRoutes, ARestrictedPackageLooksAbsentToStrangers) {
  User mallory = add_user("mallory", true);
  DocumentOptions restricted;
  restricted.access = "\"restricted\"";
  ASSERT_EQ(publish(alice.token, "@alice/secret", "1.0.0", otp(alice), restricted).status, 201);
  for (const Method method : {Method::get, Method::post}) {
    const auto outcome = [&](std::string name) {
      return ask({.method = method,
                  .target = "/-/package/@alice%2f" + name + "/trust",
                  .token = mallory.token,
                  .otp = otp(mallory),
                  .body = config()})
          .outcome();
    };
    EXPECT_EQ(outcome("secret"), "404 package_not_found");
    EXPECT_EQ(outcome("absent"), "404 package_not_found");
  }
}

TEST_F(TrustRoutes, TokensThatAreLimitedDoNotGovern) {
  accounts::NewToken write;
  write.reach.all_packages = true;
  write.reach.packages_permission = accounts::TokenPermission::read_write;
  write.bypass_2fa = true;
  EXPECT_EQ(list(granular_token(alice, write)).outcome(), "403 package_not_permitted");
  trust_job("@alice/lib", {true, true, true});
  EXPECT_EQ(list(publish_token("@alice/lib")).outcome(), "403 publish_token_forbidden");
  EXPECT_EQ(audited("trust.list").back(), "trust.list publish_token_forbidden");
  EXPECT_TRUE(std::ranges::any_of(attempts("@alice/lib"), [](const trust::Attempt& attempt) {
    return attempt.action == "trust.list" && attempt.outcome == "publish_token_forbidden";
  }));
}

TEST_F(TrustRoutes, APasswordAloneDoesNotGovern) {
  EXPECT_EQ(ask({.target = std::string(kPath),
                 .headers = {{"authorization",
                              "Basic " + base64(bytes_of("alice:" + std::string(kPassword)))}}})
                .status,
            401);
}

TEST_F(TrustRoutes, TheSamePublisherTwiceIsAConflict) {
  created();
  EXPECT_EQ(post(config(), otp(alice)).outcome(), "409 duplicate_publisher");
}

TEST_F(TrustRoutes, AllOrNone) {
  json::array two = json::parse(config()).as_array();
  two.push_back(two.front());
  EXPECT_EQ(post(json::serialize(two), otp(alice)).outcome(), "409 duplicate_publisher");
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher"), 0);
  EXPECT_EQ(audited("trust.create").size(), 0u);
}

TEST_F(TrustRoutes, WhatIsWrongIsSaidBeforeACodeIsUsedUp) {
  const std::vector<std::pair<std::string, const char*>> bodies = {
      {"", "400 invalid_publisher"},
      {"x", "400 invalid_publisher"},
      {"[]", "400 invalid_publisher"},
      {"[1]", "400 invalid_publisher"},
      {"\"circleci\"", "400 invalid_publisher"},
      {config("type", "\"github\""), "400 invalid_publisher"},
      {config("permissions", ""), "400 invalid_permissions"},
      {config("claims", "{}"), "400 invalid_publisher"},
      {config("issuer", "\"https://evil.example\""), "400 invalid_publisher"},
      {"[" + std::string(5000, '['), "400 invalid_publisher"}};
  const std::string code = otp(alice);
  for (const auto& [body, outcome] : bodies) EXPECT_EQ(post(body, code).outcome(), outcome) << body;
  EXPECT_EQ(post(config(), code).status, 200);
}

TEST_F(TrustRoutes, TheOwnOrganizationGetsTheOwnIssuer) {
  const auto acme = add_organization("acme", alice);
  json::object claims = trust::test::publisher_claims();
  claims["oidc.circleci.com/org-id"] = acme.id;
  const Answer own = post(config("claims", json::serialize(claims)), otp(alice));
  EXPECT_EQ(own.document().at(0).at("issuer"), json::value("https://registry.example/oidc"));
  EXPECT_EQ(post(config(), otp(alice)).document().at(0).at("issuer"),
            json::value("https://ci.example"));
}

TEST_F(TrustRoutes, AnotherPackagesPublisherIsNotRevoked) {
  ASSERT_EQ(publish(alice.token, "@alice/other", "1.0.0", otp(alice)).status, 201);
  const std::string other = trust_job("@alice/other", {true, true, false});
  EXPECT_EQ(revoke(other, otp(alice)).outcome(), "404 publisher_not_found");
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher"), 1);
}

}  // namespace
}  // namespace imp::registry::test
