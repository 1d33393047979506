#include "registry/api/registry_fixture.h"
#include "registry/trust/issuer_table.h"

namespace imp::registry::test {
namespace {

const std::string kForge = "https://forge.example";

std::string issuer(std::string_view member = {}, std::string_view json_text = {}) {
  json::object request{
      {"id", "forge"}, {"kind", "generic"}, {"url", kForge}, {"tenant_claim", "organization"}};
  if (!member.empty()) request = trust::test::changed(request, member, json_text);
  return json::serialize(request);
}

class IssuerRoutes : public RegistryTest {
 protected:
  IssuerRoutes() {
    write([&](db::Session& session) -> Result<void> {
      session.run("UPDATE accounts_people SET is_admin = 1 WHERE name = 'root'");
      return {};
    });
  }
  Answer call(Method method, const std::string& path, const User& user, std::string code,
              std::string body = {}) {
    return ask({.method = method,
                .target = "/-/trust/issuers" + path,
                .token = user.token,
                .otp = std::move(code),
                .body = std::move(body)});
  }
  Answer add(std::string body) { return call(Method::post, "", root, otp(root), std::move(body)); }
  Answer trust_claims(const json::object& claims, const std::string& type = "generic") {
    const json::array body{
        {{"type", type}, {"claims", claims}, {"permissions", {"createPackage"}}}};
    return ask({.method = Method::post,
                .target = "/-/package/@root%2flib/trust",
                .token = root.token,
                .otp = otp(root),
                .body = json::serialize(body)});
  }
  json::object job(const std::string& iss) {
    const std::int64_t now = to_milliseconds(clock_.now()) / 1000;
    return {{"iss", iss},
            {"sub", "job:7"},
            {"aud", trust::test::kAudience},
            {"iat", now},
            {"exp", now + 300},
            {"jti", "job-" + std::to_string(++jobs_)},
            {"organization", "acme"},
            {"pipeline", "release"},
            {"build_tag", "v1.2.0"}};
  }
  std::string exchanged(const json::object& claims) {
    return exchange(trust::test::signed_token(claims), "@root/lib").outcome();
  }

  User root = add_user("root", true);
  int jobs_ = 0;
};

TEST_F(IssuerRoutes, AreForAdministratorsWithASecondFactor) {
  User alice = add_user("alice", true);
  EXPECT_EQ(call(Method::get, "", alice, otp(alice)).outcome(), "403 package_not_permitted");
  EXPECT_EQ(call(Method::post, "", alice, otp(alice), issuer()).outcome(),
            "403 package_not_permitted");
  EXPECT_EQ(call(Method::put, "/github/freeze", alice, otp(alice)).outcome(),
            "403 package_not_permitted");
  EXPECT_EQ(call(Method::post, "", root, "", issuer()).outcome(), "401 second_factor_required");
  EXPECT_EQ(call(Method::del, "/github/freeze", root, "").outcome(), "401 second_factor_required");
  EXPECT_EQ(get("/-/trust/issuers").outcome(), "401 not_signed_in");
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_issuer"), 0);
}

TEST_F(IssuerRoutes, WhoIsNoAdministratorAnyMoreWhenItIsDoneDoesNothing) {
  // The office is taken away in the moment in which the code is used.
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    session.run(
        "CREATE TRIGGER resign AFTER UPDATE ON accounts_totp BEGIN "
        "UPDATE accounts_people SET is_admin = 0; END");
    return {};
  }));
  EXPECT_EQ(add(issuer()).outcome(), "403 package_not_permitted");
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_issuer"), 0);
}

TEST_F(IssuerRoutes, AddListFreezeAndRemove) {
  EXPECT_EQ(add(issuer()).status, 204);
  EXPECT_EQ(add(issuer()).outcome(), "409 issuer_exists");
  const auto listed = [&] { return call(Method::get, "", root, otp(root)).document().as_array(); };
  EXPECT_EQ(listed().back().at("id"), json::value("forge"));
  EXPECT_EQ(listed().back().at("frozen"), json::value(false));
  EXPECT_EQ(listed().front().at("built_in"), json::value(true));
  EXPECT_EQ(call(Method::put, "/forge/freeze", root, otp(root)).status, 204);
  EXPECT_EQ(listed().back().at("frozen"), json::value(true));
  EXPECT_EQ(call(Method::del, "/forge/freeze", root, otp(root)).status, 204);
  EXPECT_EQ(call(Method::del, "/forge", root, otp(root)).status, 204);
  EXPECT_EQ(call(Method::del, "/forge", root, otp(root)).outcome(), "404 issuer_not_found");
  EXPECT_EQ(call(Method::put, "/forge/freeze", root, otp(root)).outcome(), "404 issuer_not_found");
  EXPECT_EQ(call(Method::del, "/github", root, otp(root)).outcome(), "400 invalid_issuer");
  for (const char* action : {"issuer.add granted", "issuer.freeze granted",
                             "issuer.unfreeze granted", "issuer.remove granted"}) {
    const auto lines = audited("issuer.");
    EXPECT_TRUE(std::ranges::find(lines, action) != lines.end()) << action;
  }
}

TEST_F(IssuerRoutes, WhatIsWrongWithAnIssuerIsSaid) {
  const std::vector<std::pair<std::string, const char*>> cases = {
      {"", "400 invalid_issuer"},
      {"[]", "400 invalid_issuer"},
      {issuer("id", "\"No Such\""), "400 invalid_issuer"},
      {issuer("id", ""), "400 invalid_issuer"},
      {issuer("kind", "\"imprimatur\""), "400 invalid_issuer"},
      {issuer("kind", "\"github\""), "400 invalid_issuer"},  // it has a tenant claim
      {issuer("url", "\"https://forge.example//\""), "400 invalid_issuer"},
      {issuer("url", "\"ftp://forge.example\""), "400 invalid_issuer"},
      {issuer("url", "\"https://x@forge.example\""), "400 invalid_issuer"},
      {issuer("url", "\"https://forge.example?x\""), "400 invalid_issuer"},
      {issuer("url", "\"http://forge.example\""), "400 invalid_issuer"},  // keys from anybody
      {issuer("private_addresses", "1"), "400 invalid_issuer"},
      {issuer("single_tenant", "true"), "400 invalid_issuer"},  // it has a tenant claim
      {issuer("tenant_claim", ""), "400 invalid_issuer"},       // and else who is one's own?
      {issuer("algorithms", "[]"), "400 invalid_issuer"},
      {issuer("algorithms", "[\"none\"]"), "400 invalid_issuer"},
      {issuer("algorithms", "[\"HS256\"]"), "400 invalid_issuer"},
      {issuer("max_age", "1"), "400 invalid_issuer"},
      {issuer("max_age", "\"300\""), "400 invalid_issuer"},
      {issuer("max_lifetime", "86401"), "400 invalid_issuer"},
      {issuer("keys", "{}"), "400 invalid_issuer"},
      {issuer("keys", R"({"keys":[]})"), "400 invalid_issuer"},
      {issuer("tenant_claim", "\"\""), "400 invalid_issuer"},
      {issuer("self_hosted_runners", "true"), "400 invalid_issuer"},
      {issuer("tenant", "\"x\""), "400 invalid_issuer"},
      {issuer("url", "\"https://ci.example\""), "409 issuer_exists"},
      {issuer("url", "\"" + trust::test::organization_issuer() + "\""), "409 issuer_exists"},
      {issuer("id", "\"github\""), "409 issuer_exists"}};
  for (const auto& [body, outcome] : cases) EXPECT_EQ(add(body).outcome(), outcome) << body;
  EXPECT_TRUE(counted(R"(registry_refusals_total{action="issuer.add",code="invalid_issuer"})"));
}

TEST_F(IssuerRoutes, APublisherOfASharedIssuerNamesItsTenant) {
  ASSERT_EQ(publish(root.token, "@root/lib", "1.0.0", otp(root)).status, 201);
  const json::object claims{{"organization", "acme"}, {"pipeline", "release"}};
  EXPECT_EQ(trust_claims(claims).outcome(), "400 invalid_publisher");  // no such issuer yet
  ASSERT_EQ(add(issuer()).status, 204);
  for (const json::object& refused :
       {json::object{}, json::object{{"pipeline", "release"}}, json::object{{"organization", "*"}},
        json::object{{"organization", 1}},
        json::object{{"organization", "acme"}, {"iss", kForge}}}) {
    EXPECT_EQ(trust_claims(refused).outcome(), "400 invalid_publisher") << refused;
  }
  const Answer made = trust_claims(claims);
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.document().at(0).at("claims"), json::value(claims));
  EXPECT_EQ(made.document().at(0).at("issuer"), json::value(kForge));

  EXPECT_EQ(exchanged(job(kForge)), "201 ok");
  EXPECT_EQ(exchanged(trust::test::changed(job(kForge), "organization", "\"mallory\"")),
            "404 no_matching_publisher");
  // Whose pipeline it is, nobody knows; so nothing is told.
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(exchanged(trust::test::changed(job(kForge), "pipeline", "\"test\"")),
            "404 no_matching_publisher");
  EXPECT_TRUE(attempts("@root/lib").front().proved);
  EXPECT_EQ(exchanged(trust::test::changed(job(kForge), "sub", "")), "403 claim_missing");
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(exchanged(job(kForge + "/x")), "401 unknown_issuer");
  EXPECT_TRUE(attempts("@root/lib").front().message.contains("imprimatur issuer add"));
}

json::object own_issuer() {
  return {{"id", "own"},
          {"kind", "generic"},
          {"url", "http://ci.internal"},
          {"single_tenant", true},
          {"private_addresses", true}};
}

TEST_F(IssuerRoutes, AnIssuerOfOnesOwnNetworkIsSaidToBe) {
  ASSERT_EQ(publish(root.token, "@root/lib", "1.0.0", otp(root)).status, 201);
  ASSERT_EQ(add(json::serialize(own_issuer())).status, 204);
  const json::value listed = call(Method::get, "", root, otp(root)).document().as_array().back();
  EXPECT_EQ(listed.at("single_tenant"), json::value(true));
  EXPECT_EQ(listed.at("private_addresses"), json::value(true));
  ASSERT_EQ(trust_claims({{"pipeline", "release"}}).status, 200);
  EXPECT_EQ(exchanged(job("http://ci.internal")), "201 ok");
  EXPECT_FALSE(remote_.last().public_addresses_only);
  EXPECT_FALSE(remote_.last().https_only);
}

// Whoever added it then has publishers that name it; that its keys come from where they must not
// is refused when they are fetched.
TEST_F(IssuerRoutes, AnIssuerThatWasAddedBeforeItHadToBeSaidIsStillThere) {
  json::object old = own_issuer();
  old.erase("single_tenant");
  old.erase("private_addresses");
  EXPECT_EQ(add(json::serialize(old)).outcome(), "400 invalid_issuer");
  ASSERT_TRUE(write([&](db::Session& session) -> Result<void> {
    session.run(
        "INSERT INTO trusted_issuer (id, definition, created_by, created_at) VALUES ('own', :p1, "
        "'root', 0)",
        {json::serialize(old)});
    session.run("UPDATE issuer_version SET version = version + 1");
    return {};
  }));
  EXPECT_EQ(call(Method::get, "", root, otp(root)).document().as_array().back().at("id"),
            json::value("own"));
  ASSERT_EQ(publish(root.token, "@root/lib", "1.0.0", otp(root)).status, 201);
  ASSERT_EQ(trust_claims({{"pipeline", "release"}}).status, 200);
  remote_.answer([this](const http::Fetch& request) -> Result<http::Fetched> {
    if (!request.https_only) return remote_.healthy(request);
    return refuse(http::FetchRefusal::scheme_refused, "Only https:// URLs are allowed here.");
  });
  const Answer refused =
      exchange(trust::test::signed_token(job("http://ci.internal")), "@root/lib");
  EXPECT_EQ(refused.outcome(), "503 issuer_unavailable");
  EXPECT_TRUE(refused.text("message").contains("not public, or without TLS")) << refused.body;
}

TEST_F(IssuerRoutes, PatternsAreForRefs) {
  ASSERT_EQ(publish(root.token, "@root/lib", "1.0.0", otp(root)).status, 201);
  ASSERT_EQ(add(issuer()).status, 204);
  ASSERT_EQ(trust_claims({{"organization", "acme"}, {"build_tag", "v1.*"}}).status, 200);
  EXPECT_EQ(exchanged(job(kForge)), "201 ok");
  EXPECT_EQ(exchanged(trust::test::changed(job(kForge), "build_tag", "\"v2.0\"")),
            "404 no_matching_publisher");
  ASSERT_EQ(trust_claims({{"organization", "acme"}, {"pipeline", "rel*"}}).status, 200);
  EXPECT_EQ(exchanged(trust::test::changed(job(kForge), "build_tag", "")),
            "404 no_matching_publisher");
}

TEST_F(IssuerRoutes, KeysMayBePinned) {
  ASSERT_EQ(publish(root.token, "@root/lib", "1.0.0", otp(root)).status, 201);
  remote_.answer([](const http::Fetch&) -> Result<http::Fetched> {
    return trust::test::json_answer("", 500);
  });
  const std::string keys = trust::test::jwks_of({{"r", jose::test::rsa_key().public_key()}});
  ASSERT_EQ(add(issuer("keys", keys)).status, 204);
  ASSERT_EQ(trust_claims({{"organization", "acme"}}).status, 200);
  EXPECT_EQ(exchanged(job(kForge)), "201 ok");
  EXPECT_EQ(
      exchange(trust::test::signed_token(job(kForge), jose::test::rsa_key(), "other"), "@root/lib")
          .outcome(),
      "401 unknown_key");
  EXPECT_EQ(remote_.fetches(), 0);
}

// As Google's: discovery is not asked, and nothing but that address.
TEST_F(IssuerRoutes, KeysMayBeOnAnotherHostThatTheOperatorNames) {
  ASSERT_EQ(publish(root.token, "@root/lib", "1.0.0", otp(root)).status, 201);
  const std::string keys = trust::test::jwks_of({{"r", jose::test::rsa_key().public_key()}});
  remote_.answer([&](const http::Fetch& request) -> Result<http::Fetched> {
    if (request.url != "https://keys.example/v3/certs") return trust::test::json_answer("", 500);
    EXPECT_TRUE(request.public_addresses_only && request.https_only);
    return trust::test::json_answer(keys);
  });
  ASSERT_EQ(add(issuer("keys_url", "\"https://keys.example/v3/certs\"")).status, 204);
  ASSERT_EQ(trust_claims({{"organization", "acme"}}).status, 200);
  EXPECT_EQ(exchanged(job(kForge)), "201 ok");
  EXPECT_EQ(exchanged(job(kForge)), "201 ok");
  EXPECT_EQ(remote_.fetches(), 1);
}

TEST_F(IssuerRoutes, AFrozenIssuerPublishesNothing) {
  ASSERT_EQ(publish(root.token, "@root/lib", "1.0.0", otp(root)).status, 201);
  trust_job("@root/lib", {true, true, false});
  const std::string token = publish_token("@root/lib");
  ASSERT_EQ(call(Method::put, "/circleci/freeze", root, otp(root)).status, 204);
  EXPECT_EQ(exchange(identity_token(), "@root/lib").outcome(), "403 issuer_frozen");
  EXPECT_EQ(publish(token, "@root/lib", "1.1.0").outcome(), "401 publish_token_invalid");
  ASSERT_EQ(call(Method::del, "/circleci/freeze", root, otp(root)).status, 204);
  EXPECT_EQ(exchange(identity_token(), "@root/lib").outcome(), "201 ok");
}

TEST_F(IssuerRoutes, AnIssuerThatIsFrozenWhileATokenIsVerifiedGivesNothing) {
  ASSERT_EQ(publish(root.token, "@root/lib", "1.0.0", otp(root)).status, 201);
  trust_job("@root/lib", {true, true, false});
  remote_.answer([this](const http::Fetch& request) {
    if (request.url.contains("jwks")) {
      write([&](db::Session& session) {
        return trust::freeze_issuer(session, issuers_, "circleci", true, clock_.now());
      });
    }
    return remote_.healthy(request);
  });
  EXPECT_EQ(exchange(identity_token(), "@root/lib").outcome(), "403 issuer_frozen");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
}

TEST_F(IssuerRoutes, AnIssuerWithPublishersStays) {
  ASSERT_EQ(publish(root.token, "@root/lib", "1.0.0", otp(root)).status, 201);
  ASSERT_EQ(add(issuer()).status, 204);
  ASSERT_EQ(trust_claims({{"organization", "acme"}}).status, 200);
  EXPECT_EQ(call(Method::del, "/forge", root, otp(root)).outcome(), "409 issuer_in_use");
  EXPECT_EQ(exchanged(job(kForge)), "201 ok");
}

TEST_F(IssuerRoutes, PublishersThatNameNoIssuerGetTheDefaultOne) {
  ASSERT_EQ(publish(root.token, "@root/lib", "1.0.0", otp(root)).status, 201);
  const auto added = [&](const char* id, bool preferred) {
    json::object request{{"id", id}, {"kind", "github"}, {"url", std::string("https://") + id}};
    if (preferred) request["default"] = true;
    return add(json::serialize(request)).status;
  };
  const auto issuer_of = [&](const char* file) {
    json::object claims = trust::test::github_publisher();
    claims["workflow_ref"] = json::object{{"file", file}};
    return trust_claims(claims, "github").document().at(0).at("issuer");
  };
  ASSERT_EQ(added("other", false), 204);
  EXPECT_EQ(issuer_of("a.yml"), json::value(trust::test::kGitHub));
  ASSERT_EQ(added("ghes", true), 204);
  EXPECT_EQ(issuer_of("b.yml"), json::value("https://ghes"));
}

TEST_F(IssuerRoutes, AnEnterpriseHasItsOwnAddressAndItsOwnRunners) {
  ASSERT_EQ(publish(root.token, "@root/lib", "1.0.0", otp(root)).status, 201);
  const std::string slug = trust::test::kGitHub + "/acme";
  ASSERT_EQ(add(json::serialize(json::object{{"id", "acme-github"},
                                             {"kind", "github"},
                                             {"url", slug},
                                             {"self_hosted_runners", true}}))
                .status,
            204);
  json::array body{{{"type", "github"},
                    {"claims", trust::test::github_publisher()},
                    {"permissions", {"createPackage"}},
                    {"issuer", slug}}};
  ASSERT_EQ(ask({.method = Method::post,
                 .target = "/-/package/@root%2flib/trust",
                 .token = root.token,
                 .otp = otp(root),
                 .body = json::serialize(body)})
                .status,
            200);
  json::object claims = trust::test::github_job();
  for (const auto& member : job(slug)) {
    if (member.key() != "sub") claims[member.key()] = member.value();
  }
  claims["runner_environment"] = "self-hosted";
  EXPECT_EQ(exchanged(claims), "201 ok");
  claims["iss"] = trust::test::kGitHub;  // github.com itself is nobody's here
  claims["jti"] = "other";
  EXPECT_EQ(exchanged(claims), "404 no_matching_publisher");
}

}  // namespace
}  // namespace imp::registry::test
