#include "registry/api/trust/identity_fixture.h"
#include "registry/trust/check.h"

namespace imp::registry::test {
namespace {

const std::string kPath = "/-/package/@alice%2flib/trust/check";

class TrustChecks : public IdentityTest {
 protected:
  Answer check(const json::object& question, const std::string& token = {},
               const std::string& path = kPath) {
    return ask({.method = Method::post,
                .target = path,
                .token = token,
                .body = json::serialize(question)});
  }
  Answer check_token(const std::string& id_token, const std::string& token = {}) {
    return check({{"token", id_token}}, token);
  }
  json::object described() {
    json::object claims = trust::test::job_claims();
    for (const char* name : {"iat", "exp", "jti", "aud"}) claims.erase(name);
    return claims;
  }
  std::vector<std::int64_t> tables() {
    std::vector<std::int64_t> counts;
    for (const char* table :
         {"publish_token", "used_identity_token", "publish_attempt", "trusted_publisher"}) {
      counts.push_back(count(std::string("SELECT COUNT(*) FROM ") + table));
    }
    return counts;
  }
};

TEST_F(TrustChecks, ChangeNothing) {
  const auto before = tables();
  const std::string token = good();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(check_token(token).text("outcome"), "would_be_granted");
    EXPECT_EQ(check_token(token, alice.token).text("outcome"), "would_be_granted");
  }
  EXPECT_EQ(tables(), before);
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher WHERE last_used_at IS NOT NULL"), 0);
  EXPECT_TRUE(audited("trust.exchange").empty());
  EXPECT_EQ(exchanged(token), "201 ok");  // and the token is still good
  EXPECT_EQ(check_token(token).text("outcome"), "replayed");
}

TEST_F(TrustChecks, TeachNothing) {
  const auto claims = trust::RequiredClaims::parse(*trust::provider_of_type("github"),
                                                   trust::test::github_publisher());
  ASSERT_TRUE(write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
    return trust::add_publisher(session, find_package(session, "@alice/lib")->id,
                                {*claims, {true, true, false}, "github"}, "alice", clock_.now());
  }));
  json::object job = trust::test::github_job();
  job["iat"] = second();
  job["exp"] = second() + 300;
  ASSERT_EQ(check_token(paid(json::serialize(job))).text("outcome"), "would_be_granted");
  EXPECT_EQ(count("SELECT COUNT(*) FROM trusted_publisher WHERE learnt <> '{}'"), 0);
}

TEST_F(TrustChecks, TellABearerWhatTheExchangeWould) {
  struct Case {
    const char* claim;
    const char* value;
  };
  const Case cases[] = {{"project-id", "\"x\""}, {"vcs-origin", "\"github.com/acme/x\""},
                        {"ssh-rerun", "true"},   {"org-id", "\"x\""},
                        {"context-ids", "[]"},   {"vcs-origin", ""}};
  for (const Case& each : cases) {
    const std::string token =
        paid(json::serialize(with(trust::test::claim(each.claim), each.value)));
    const Answer checked = check_token(token);
    const Answer refused = exchange(token, "@alice/lib");
    EXPECT_EQ(checked.status, 200);
    EXPECT_EQ(checked.text("outcome"), refused.text("code")) << each.claim;
    EXPECT_EQ(checked.text("message"), refused.text("message")) << each.claim;
    EXPECT_EQ(checked.document().as_object().size(), 2u) << checked.body;
  }
  const User bob = add_user("bob");
  EXPECT_EQ(check_token(good(), bob.token).document().as_object().size(), 2u);
  // What is restricted looks absent.
  DocumentOptions restricted;
  restricted.access = "\"restricted\"";
  ASSERT_EQ(publish(alice.token, "@alice/secret", "1.0.0", {}, restricted).status, 201);
  const std::string token = good();
  const auto of = [&](const char* name) {
    return check({{"token", token}}, bob.token,
                 std::string("/-/package/@alice%2f") + name + "/trust/check")
        .text("outcome");
  };
  EXPECT_EQ(of("secret"), of("nothing"));
}

TEST_F(TrustChecks, ShowAMaintainerEveryPublisher) {
  const std::string second = trust(trust::test::publisher_claims());  // less specific
  json::object other = trust::test::publisher_claims();
  other[trust::test::claim("project-id")] = trust::test::kOther;
  const std::string third = trust(other);
  const Answer answer = check_token(good(), alice.token);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.document().at("verified").as_bool());
  std::map<std::string, std::string> outcomes;
  for (const json::value& item : answer.document().at("publishers").as_array()) {
    outcomes[std::string(item.at("publisher").as_string())] = item.at("outcome").as_string();
    EXPECT_FALSE(item.at("claims").as_array().empty());
  }
  EXPECT_EQ(outcomes, (std::map<std::string, std::string>{
                          {publisher, "chosen"}, {second, "agrees"}, {third, "differs"}}));
}

TEST_F(TrustChecks, CompareAlsoATokenThatCouldNotBeVerified) {
  json::object old = fresh();
  old["iat"] = second() - 9000;
  old["exp"] = second() - 8000;
  const Answer answer = check_token(paid(json::serialize(old)), alice.token);
  EXPECT_EQ(answer.text("outcome"), "expired");
  EXPECT_FALSE(answer.document().at("verified").as_bool());
  EXPECT_EQ(answer.document().at("publishers").at(0).at("outcome"), json::value("agrees"));
  json::object foreign = fresh();
  foreign["iss"] = "https://evil.example";
  const Answer unknown = check_token(paid(json::serialize(foreign)), alice.token);
  EXPECT_EQ(unknown.text("outcome"), "unknown_issuer");
  EXPECT_EQ(unknown.document().at("publishers").at(0).at("outcome"), json::value("other_issuer"));
}

TEST_F(TrustChecks, ADescriptionIsNeverVerified) {
  json::object claims = described();
  const Answer granted = check({{"claims", claims}}, alice.token);
  ASSERT_EQ(granted.status, 200) << granted.body;
  EXPECT_EQ(granted.text("outcome"), "would_be_granted_if_genuine");
  EXPECT_TRUE(granted.text("message").starts_with("Not verified"));
  EXPECT_FALSE(granted.document().at("verified").as_bool());
  claims[trust::test::claim("vcs-origin")] = "github.com/acme/gadgets";
  const Answer refused = check({{"claims", claims}}, alice.token);
  EXPECT_EQ(refused.text("outcome"), "claim_mismatch");
  EXPECT_TRUE(refused.text("message").starts_with("Not verified"));
  EXPECT_EQ(count("SELECT COUNT(*) FROM used_identity_token"), 0);
}

TEST_F(TrustChecks, ADescriptionMayLeaveOutWhatFollows) {
  const auto claims = trust::RequiredClaims::parse(*trust::provider_of_type("github"),
                                                   trust::test::github_publisher());
  ASSERT_TRUE(write([&](db::Session& session) -> Result<trust::TrustedPublisher> {
    return trust::add_publisher(session, find_package(session, "@alice/lib")->id,
                                {*claims, {true, true, false}, "github"}, "alice", clock_.now());
  }));
  json::object job;
  for (const char* name : {"repository", "workflow_ref", "runner_environment"}) {
    job[name] = trust::test::github_job().at(name);
  }
  const auto ask_about = [&] {
    return check({{"claims", job}, {"issuer", "github"}}, alice.token);
  };
  const auto outcome = [&] { return ask_about().text("outcome"); };
  // What else tokens have is asked for at once.
  const Answer short_of = ask_about();
  EXPECT_EQ(short_of.text("outcome"), "claim_missing");
  EXPECT_TRUE(short_of.text("message").contains(
      "has not the claims repository_id, repository_owner_id, event_name"))
      << short_of.body;
  job["repository_id"] = "1001";
  job["repository_owner_id"] = "77";
  job["event_name"] = "push";
  EXPECT_EQ(outcome(), "would_be_granted_if_genuine");
  job["repository_owner"] = "mallory";  // what is said counts, as in a token
  EXPECT_EQ(outcome(), "tenant_mismatch");
}

TEST_F(TrustChecks, OfADescriptionAreForMaintainers) {
  const json::object question{{"claims", described()}};
  EXPECT_EQ(check(question).outcome(), "401 not_signed_in");
  EXPECT_EQ(check(question, add_user("bob").token).outcome(), "403 package_not_permitted");
  EXPECT_EQ(check(question, publish_token("@alice/lib")).outcome(), "403 publish_token_forbidden");
  EXPECT_EQ(check(question, "npm_wrong").outcome().substr(0, 3), "401");
}

TEST_F(TrustChecks, ADescriptionMayLeaveTheIssuerOut) {
  json::object claims = described();
  claims.erase("iss");
  // All publishers are of one issuer: of no tenant, so its claims decide.
  EXPECT_EQ(check({{"claims", claims}}, alice.token).text("outcome"),
            "would_be_granted_if_genuine");
  EXPECT_EQ(check({{"claims", claims}, {"issuer", "github"}}, alice.token).text("outcome"),
            "no_matching_publisher");
  ASSERT_EQ(publish(alice.token, "@alice/bare", "1.0.0").status, 201);
  EXPECT_EQ(
      check({{"claims", claims}}, alice.token, "/-/package/@alice%2fbare/trust/check").outcome(),
      "400 invalid_check");
}

TEST_F(TrustChecks, AskForOneThing) {
  for (const char* body :
       {"", "[]", "{}", R"({"token":""})", R"({"token":1})", R"({"claims":{}})",
        R"({"issuer":"circleci"})", R"({"token":"x","claims":{"a":"b"}})", R"({"tokens":"x"})"}) {
    EXPECT_EQ(ask({.method = Method::post, .target = kPath, .token = alice.token, .body = body})
                  .outcome(),
              "400 invalid_check")
        << body;
  }
}

TEST_F(TrustChecks, AreWrittenDownWithoutTheToken) {
  const std::string token = good();
  check_token(token);
  check_token(paid(json::serialize(with(trust::test::claim("ssh-rerun"), "true"))), alice.token);
  EXPECT_EQ(audited("trust.check"),
            (std::vector<std::string>{"trust.check would_be_granted", "trust.check ssh_rerun"}));
  const std::string signature = token.substr(token.rfind('.') + 1);
  EXPECT_EQ(
      count("SELECT COUNT(*) FROM audit_records WHERE detail LIKE :p1", {"%" + signature + "%"}),
      0);
  EXPECT_TRUE(counted("trust_checks_total{outcome=\"would_be_granted\"} 1"));
}

}  // namespace
}  // namespace imp::registry::test
