#include "testissuer/test_issuer.h"

#include "issuer_fixture.h"
#include "testissuer/token_case.h"

namespace imp::testissuer::test {
namespace {

constexpr Shape kShapes[] = {Shape::circleci, Shape::github, Shape::gitlab};

using TestIssuerTest = RegistryBesideTest;

TEST_F(TestIssuerTest, AGoodTokenOfEachShapeIsAccepted) {
  for (const Shape shape : kShapes)
    EXPECT_EQ(exchanged({.shape = shape}), "granted") << name(shape);
  EXPECT_EQ(exchanged({.shape = Shape::circleci, .choices = {.root_issuer = true}}), "granted");
  EXPECT_EQ(exchanged({.shape = Shape::circleci, .choices = {.subject_v2 = true}}), "granted");
}

// What the table says of a case is what the registry does.
TEST_F(TestIssuerTest, EveryBadTokenIsRefusedAsTheTableSays) {
  for (const Shape shape : kShapes) {
    EXPECT_EQ(exchanged({.shape = shape}), "granted");  // what is learnt is learnt from this one
    for (const TokenCase& bad : token_cases()) {
      if (bad.fits && !bad.fits(shape)) continue;
      TokenRequest request{.shape = shape};
      request.token_case = bad.name;
      if (bad.name == "replayed") {
        EXPECT_EQ(exchanged(request), "granted");
      }
      EXPECT_EQ(exchanged(request), bad.code) << name(shape) << ": " << bad.name;
    }
  }
}

TEST_F(TestIssuerTest, EveryTroubleKeepsTheRegistryFromMinting) {
  for (const KeyTrouble& trouble : key_troubles()) {
    if (trouble.name == "none") continue;
    ASSERT_TRUE(issuer_.set_trouble(trouble.name));
    trust::IssuerKeys keys(client_, clock_, null_log(), metrics_);
    trust::Evaluator evaluator(*database_, issuers_, keys, {"npm:localhost"}, clock_);
    const auto evaluated =
        evaluator.evaluate("lib", issuer_.token({.shape = Shape::github}).value());
    // A wrong content type alone is no fault: the document is what it should be.
    EXPECT_EQ(evaluated.granted(), trouble.name == "content-type") << trouble.name;
    if (evaluated.granted()) continue;
    const std::string_view code = evaluated.refusal.code();
    const std::string_view expected =
        trouble.name == "other-keys" ? "bad_signature" : "issuer_unavailable";
    EXPECT_EQ(code, expected) << trouble.name << ": " << evaluated.refusal.message;
  }
}

TEST_F(TestIssuerTest, ARotatedKeyIsFetchedAndTheOldOneIsWorthNothing) {
  EXPECT_EQ(exchanged({.shape = Shape::github}), "granted");
  const std::string old = issuer_.token({.shape = Shape::github}).value();
  issuer_.rotate();
  clock_.advance(std::chrono::seconds(61));  // a registry asks for an unknown key once a minute
  EXPECT_EQ(exchanged({.shape = Shape::github}), "granted");
  EXPECT_EQ(exchanged(old), "unknown_key");
}

TEST_F(TestIssuerTest, AClaimIsReplacedOrLeftOut) {
  TokenRequest request{.shape = Shape::github};
  request.claims = {{"repository", "mallory/widgets"},
                    {"repository_owner", "mallory"},
                    {"extra", json::array{1}}};
  request.without = {"environment", "no-such-claim"};
  const json::object claims = issuer_.claims(request).value();
  EXPECT_EQ(claims.at("repository"), json::value("mallory/widgets"));
  EXPECT_EQ(claims.at("extra"), json::value(json::array{1}));
  EXPECT_FALSE(claims.contains("environment"));
  EXPECT_EQ(claims.at("iss"), json::value(kOrigin + "/github"));
  EXPECT_EQ(exchanged(request), "no_matching_publisher");
}

TEST_F(TestIssuerTest, ItsClockMayBeOff) {
  const TestIssuer slow(kOrigin, clock_, -std::chrono::minutes(10));
  const TokenRequest request{.shape = Shape::circleci};
  EXPECT_EQ(slow.claims(request)->at("iat").as_int64(),
            issuer_.claims(request)->at("iat").as_int64() - 600);
  TokenRequest fast = request;
  fast.clock_offset = std::chrono::minutes(10);
  EXPECT_EQ(exchanged(fast), "issued_in_future");
}

// The fact sheets' lists.
TEST(TestIssuerShapes, HaveEveryClaimOfTheirProvider) {
  const std::pair<Shape, std::vector<const char*>> lists[] = {
      {Shape::circleci,
       {"iss", "sub", "aud", "iat", "exp", "oidc.circleci.com/context-ids",
        "oidc.circleci.com/job-id", "oidc.circleci.com/org-id",
        "oidc.circleci.com/pipeline-definition-id", "oidc.circleci.com/pipeline-id",
        "oidc.circleci.com/project-id", "oidc.circleci.com/ssh-rerun",
        "oidc.circleci.com/vcs-origin", "oidc.circleci.com/vcs-ref",
        "oidc.circleci.com/workflow-id"}},
      {Shape::github,
       {"iss",
        "aud",
        "sub",
        "iat",
        "nbf",
        "exp",
        "jti",
        "repository",
        "repository_id",
        "repository_owner",
        "repository_owner_id",
        "repository_visibility",
        "workflow",
        "workflow_ref",
        "workflow_sha",
        "job_workflow_ref",
        "job_workflow_sha",
        "ref",
        "ref_type",
        "sha",
        "base_ref",
        "head_ref",
        "event_name",
        "environment",
        "runner_environment",
        "run_id",
        "run_number",
        "run_attempt",
        "actor",
        "actor_id"}},
      {Shape::gitlab,
       {"iss",
        "aud",
        "sub",
        "iat",
        "nbf",
        "exp",
        "jti",
        "project_id",
        "project_path",
        "project_visibility",
        "namespace_id",
        "namespace_path",
        "ci_config_ref_uri",
        "ci_config_sha",
        "environment",
        "environment_protected",
        "deployment_tier",
        "ref",
        "ref_type",
        "ref_path",
        "ref_protected",
        "runner_id",
        "runner_environment",
        "sha",
        "pipeline_id",
        "pipeline_source",
        "job_id",
        "user_id",
        "user_login"}}};
  for (const auto& [shape, expected] : lists) {
    const json::object claims = job_claims(shape, kOrigin, {.audience = "x"}, Time());
    for (const char* claim : expected) EXPECT_TRUE(claims.contains(claim)) << claim;
  }
}

TEST(TestIssuerShapes, HaveCircleCisTwoIssuersAndTwoSubjects) {
  const auto of = [](const ClaimChoices& choices, const char* claim) {
    return std::string(
        job_claims(Shape::circleci, kOrigin, choices, Time()).at(claim).get_string());
  };
  EXPECT_EQ(of({}, "iss"), kOrigin + "/org/" + std::string(kOrganization));
  EXPECT_EQ(of({.root_issuer = true}, "iss"), kOrigin);
  EXPECT_FALSE(of({}, "sub").contains("vcs-origin"));
  EXPECT_TRUE(of({.subject_v2 = true}, "sub")
                  .ends_with("/vcs-origin/github.com/acme/widgets/vcs-ref/refs/heads/main"));
}

TEST(TestIssuerRequest, IsReadBackAndNothingUnknownIsIgnored) {
  TokenRequest request{.shape = Shape::gitlab, .choices = {"npm:x", true, true}};
  request.claims = {{"ref", "x"}};
  request.without = {"jti"};
  request.token_case = "expired";
  request.clock_offset = Milliseconds(-5);
  const json::object body = request.to_json();
  EXPECT_EQ(TokenRequest::parse(json::serialize(body))->to_json(), body);
  for (const auto& [text, code] :
       {std::pair{"[]", "invalid_token_request"},
        {"{", "invalid_token_request"},
        {"{}", "unknown_shape"},
        {R"({"shape": "npm"})", "unknown_shape"},
        {R"({"shape": "github", "claim": {}})", "invalid_token_request"},
        {R"({"shape": "github", "claims": []})", "invalid_token_request"},
        {R"({"shape": "github", "without": "jti"})", "invalid_token_request"},
        {R"({"shape": "github", "without": [1]})", "invalid_token_request"},
        {R"({"shape": "github", "clock_offset_ms": "1"})", "invalid_token_request"},
        {R"({"shape": "github", "clock_offset_ms": 9223372036854775807})", "invalid_token_request"},
        {R"({"shape": "github", "clock_offset_ms": -9223372036854775808})",
         "invalid_token_request"}}) {
    const auto parsed = TokenRequest::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code(), code) << text;
  }
}

// Whatever else is asked for: an answer, or a refusal that says what is needed.
TEST_F(TestIssuerTest, ACaseIsMadeOrRefusedWhateverIsLeftOutOrChanged) {
  for (const Shape shape : kShapes) {
    for (const TokenCase& one : token_cases()) {
      if (one.fits && !one.fits(shape)) continue;
      for (const auto& claim : issuer_.claims({.shape = shape}).value()) {
        TokenRequest request{.shape = shape};
        request.token_case = one.name;
        request.without = {claim.key()};
        const auto without = issuer_.token(request);
        if (!without) EXPECT_EQ(without.error().code(), "invalid_token_request") << one.name;
      }
      for (const char* time : {"iat", "nbf", "exp"}) {
        for (const std::int64_t extreme :
             {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
          TokenRequest request{.shape = shape};
          request.token_case = one.name;
          request.claims = {{time, extreme}};
          const auto made = issuer_.token(request);
          ASSERT_FALSE(made) << one.name;
          EXPECT_EQ(made.error().code(), "invalid_token_request") << one.name;
        }
      }
    }
  }
}

class TestIssuerRoutes : public TestIssuerTest {
 protected:
  http::Response send(http::Method method, std::string target, std::string body,
                      const std::string& type = "application/json") {
    http::Request request;
    request.method = method;
    request.target = std::move(target);
    request.headers = {{"content-type", type}};
    request.body = std::move(body);
    const auto match = router_.match(request);
    return match.route ? match.route->handler(request) : http::failure(match.refusal);
  }
  static std::string text(const http::Response& response) {
    return std::get<std::string>(response.body);
  }
};

TEST_F(TestIssuerRoutes, GiveATokenForTheAsking) {
  const http::Response answer =
      send(http::Method::post, "/token", R"({"shape": "gitlab", "claims": {"ref": "other"}})");
  ASSERT_EQ(answer.status, 200) << text(answer);
  std::string token = text(answer);
  ASSERT_TRUE(token.ends_with('\n'));
  token.pop_back();
  EXPECT_EQ(exchanged(token), "granted");
  EXPECT_EQ(send(http::Method::post, "/token", R"({"shape": "gitlab", "case": "fork"})").status,
            400);
}

// A page of another site can post a form to this machine, but no JSON.
TEST_F(TestIssuerRoutes, TakeJsonAlone) {
  for (const char* path : {"/token", "/claims", "/rotate"}) {
    EXPECT_EQ(send(http::Method::post, path, R"({"shape": "github"})", "text/plain").status, 400)
        << path;
  }
  EXPECT_EQ(send(http::Method::put, "/trouble", R"({"trouble": "error"})", "text/plain").status,
            400);
  EXPECT_EQ(exchanged({.shape = Shape::github}), "granted");
}

// A client that follows finds nothing wrong: that it followed is all that is.
TEST_F(TestIssuerRoutes, RedirectToTheSameDocument) {
  for (const std::string& issuer :
       {std::string("/circleci"), "/circleci/org/" + std::string(kOrganization),
        std::string("/github"), std::string("/gitlab")}) {
    for (const char* document : {"jwks-pub.json", "openid-configuration"}) {
      const std::string path = issuer + "/.well-known/" + document;
      ASSERT_TRUE(issuer_.set_trouble("none"));
      const http::Response good = send(http::Method::get, path, "");
      ASSERT_EQ(good.status, 200) << path;
      ASSERT_TRUE(issuer_.set_trouble("redirect"));
      const http::Response sent = send(http::Method::get, path, "");
      EXPECT_EQ(sent.status, 302) << path;
      const auto location = std::ranges::find(sent.headers, "location", [](const auto& header) {
        return std::string_view(header.first);
      });
      ASSERT_NE(location, sent.headers.end());
      EXPECT_EQ(text(send(http::Method::get, location->second, "")), text(good)) << path;
    }
  }
}

TEST_F(TestIssuerRoutes, SetATroubleAndSayWhatTheyAreAsked) {
  EXPECT_EQ(send(http::Method::put, "/trouble", R"({"trouble": "no-such"})").status, 400);
  EXPECT_EQ(send(http::Method::put, "/trouble", R"({"trouble": "error"})").status, 200);
  EXPECT_EQ(exchanged({.shape = Shape::github}), "issuer_unavailable");
  const json::object state = json::parse(text(send(http::Method::get, "/", ""))).as_object();
  EXPECT_EQ(state.at("trouble"), json::value("error"));
  EXPECT_EQ(state.at("asked"), json::value(1));
}

}  // namespace
}  // namespace imp::testissuer::test
