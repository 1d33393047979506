#include "ci/identity/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "ci/identity/job.h"

namespace imp::ci {
namespace {

using ::testing::HasSubstr;

TokenClaims token() {
  return {.issuer = "https://ci.example/oidc/org/0f0e0000-0000-4000-8000-000000000001",
          .audience = "0f0e0000-0000-4000-8000-000000000001",
          .token_id = "d0000000-0000-4000-8000-000000000009",
          .subject = SubjectForm::v2,
          .issued = Time(std::chrono::milliseconds(1'790'000'000'999))};
}

TEST(Claims, PayloadOfABranchPushIsExact) {
  EXPECT_EQ(boost::json::serialize(claims_of(pushed_job(), token())),
            R"({"iss":"https://ci.example/oidc/org/0f0e0000-0000-4000-8000-000000000001",)"
            R"("aud":"0f0e0000-0000-4000-8000-000000000001","iat":1790000000,"exp":1790003600,)"
            R"("jti":"d0000000-0000-4000-8000-000000000009",)"
            R"("sub":"org/0f0e0000-0000-4000-8000-000000000001)"
            R"(/project/1a2b0000-0000-4000-8000-000000000002)"
            R"(/user/3c4d0000-0000-4000-8000-000000000003)"
            R"(/vcs-origin/github.com/acme/widgets/vcs-ref/refs/heads/main",)"
            R"("oidc.circleci.com/org-id":"0f0e0000-0000-4000-8000-000000000001",)"
            R"("oidc.circleci.com/project-id":"1a2b0000-0000-4000-8000-000000000002",)"
            R"("oidc.circleci.com/pipeline-definition-id":"5e6f0000-0000-4000-8000-000000000004",)"
            R"("oidc.circleci.com/pipeline-id":"a0000000-0000-4000-8000-000000000005",)"
            R"("oidc.circleci.com/workflow-id":"b0000000-0000-4000-8000-000000000006",)"
            R"("oidc.circleci.com/job-id":"c0000000-0000-4000-8000-000000000007",)"
            R"("oidc.circleci.com/context-ids":["7a8b0000-0000-4000-8000-000000000008"],)"
            R"("oidc.circleci.com/ssh-rerun":false,)"
            R"("oidc.circleci.com/vcs-origin":"github.com/acme/widgets",)"
            R"("oidc.circleci.com/vcs-ref":"refs/heads/main"})");
}

TEST(Claims, FirstFormOfSubjectEndsWithTheUser) {
  TokenClaims first = token();
  first.subject = SubjectForm::v1;
  const auto v1 = claims_of(pushed_job(), first), v2 = claims_of(pushed_job(), token());
  EXPECT_EQ(v1.at("sub").as_string(),
            "org/0f0e0000-0000-4000-8000-000000000001/project/1a2b0000-0000-4000-8000-000000000002"
            "/user/3c4d0000-0000-4000-8000-000000000003");
  for (const auto& member : v1) {  // they differ in nothing else
    if (member.key() != "sub") EXPECT_EQ(member.value(), v2.at(member.key())) << member.key();
  }
}

TEST(Claims, CustomWebhookHasNeitherOriginNorRef) {
  JobIdentity job = pushed_job();
  job.vcs.reset();
  const auto claims = claims_of(job, token());
  EXPECT_FALSE(claims.contains("oidc.circleci.com/vcs-origin"));
  EXPECT_FALSE(claims.contains("oidc.circleci.com/vcs-ref"));
  EXPECT_EQ(claims.at("sub").as_string(), subject_of(job, SubjectForm::v1));
}

TEST(Claims, ContextsAreAnEmptyListAndSshIsABoolean) {
  JobIdentity job = pushed_job();
  job.context_ids.clear();
  job.ssh_rerun = true;
  const auto claims = claims_of(job, token());
  EXPECT_EQ(boost::json::serialize(claims.at("oidc.circleci.com/context-ids")), "[]");
  EXPECT_EQ(boost::json::serialize(claims.at("oidc.circleci.com/ssh-rerun")), "true");
}

TEST(Claims, ContextsKeepTheirOrder) {
  JobIdentity job = pushed_job();
  job.context_ids = {"b0000000-0000-4000-8000-000000000002",
                     "a0000000-0000-4000-8000-000000000001"};
  EXPECT_EQ(boost::json::serialize(claims_of(job, token()).at("oidc.circleci.com/context-ids")),
            R"(["b0000000-0000-4000-8000-000000000002","a0000000-0000-4000-8000-000000000001"])");
}

TEST(Claims, ForkCarriesItsOwnOrigin) {
  const auto claims = claims_of(forked_job(), token());
  EXPECT_EQ(claims.at("oidc.circleci.com/vcs-origin").as_string(), "github.com/mallory/widgets");
  EXPECT_THAT(std::string(claims.at("sub").as_string()),
              HasSubstr("/vcs-origin/github.com/mallory/widgets/"));
}

TEST(Claims, NoOtherClaimsExist) {
  const auto claims = claims_of(pushed_job(), token());
  EXPECT_EQ(claims.size(), 6u + 10u);
  EXPECT_FALSE(claims.contains("nbf"));
}

TEST(RequestedAudience, Table) {
  const struct {
    std::string why, argument, code;
    std::optional<std::string> audience;
  } cases[] = {
      {"left out", "", "", std::nullopt},
      {"empty object", "{}", "", std::nullopt},
      {"npm's", R"({"aud":"npm:registry.example"})", "", "npm:registry.example"},
      {"spaces around", R"( { "aud" : "sigstore" } )", "", "sigstore"},
      {"escaped key is the same key", R"({"\u0061ud":"x"})", "", "x"},
      {"ttl does not exist", R"({"ttl":"1h"})", "unknown_claim", {}},
      {"subject is ours", R"({"aud":"x","sub":"org/victim"})", "unknown_claim", {}},
      {"issuer is ours", R"({"iss":"https://ci.example/oidc"})", "unknown_claim", {}},
      {"private claims are ours", R"({"oidc.circleci.com/org-id":"x"})", "unknown_claim", {}},
      {"case counts", R"({"AUD":"x"})", "unknown_claim", {}},
      {"list", R"({"aud":["a","b"]})", "invalid_audience", {}},
      {"number", R"({"aud":1})", "invalid_audience", {}},
      {"null", R"({"aud":null})", "invalid_audience", {}},
      {"empty", R"({"aud":""})", "invalid_audience", {}},
      {"line break", R"({"aud":"a\nb"})", "invalid_audience", {}},
      {"too long", R"({"aud":")" + std::string(513, 'a') + "\"}", "invalid_audience", {}},
      {"longest", R"({"aud":")" + std::string(512, 'a') + "\"}", "", std::string(512, 'a')},
      {"twice", R"({"aud":"a","aud":"b"})", "malformed_claims", {}},
      {"twice, once escaped", R"({"aud":"a","\u0061ud":"b"})", "malformed_claims", {}},
      {"not JSON", "aud=npm", "malformed_claims", {}},
      {"an array", "[]", "malformed_claims", {}},
      {"a string", "\"aud\"", "malformed_claims", {}},
      {"something after it", "{} x", "malformed_claims", {}},
      {"huge", "{\"aud\":\"" + std::string(5000, 'a') + "\"}", "malformed_claims", {}},
      {"deep", std::string(1000, '['), "malformed_claims", {}},
  };
  for (const auto& test : cases) {
    const auto audience = requested_audience(test.argument);
    EXPECT_EQ(audience ? "" : audience.error().code(), test.code) << test.why;
    if (audience) EXPECT_EQ(*audience, test.audience) << test.why;
  }
}

TEST(RequestedAudience, UnknownClaimIsNamed) {
  EXPECT_THAT(requested_audience(R"({"sub":"x"})").error().message, HasSubstr("\"sub\""));
}

}  // namespace
}  // namespace imp::ci
