#include "registry/trust/providers/circleci/circleci.h"

#include "registry/trust/trust_fixture.h"

namespace imp::trust::test {
namespace {

class PublisherConfig : public testing::TestWithParam<Outcome> {};

TEST_P(PublisherConfig, IsCheckedMemberByMember) {
  expect_parsed(circleci(), publisher_claims(), GetParam());
}

constexpr const char* kOrgId = "oidc.circleci.com/org-id";
constexpr const char* kProjectId = "oidc.circleci.com/project-id";
constexpr const char* kDefinitionId = "oidc.circleci.com/pipeline-definition-id";
constexpr const char* kVcsOrigin = "oidc.circleci.com/vcs-origin";
constexpr const char* kVcsRef = "oidc.circleci.com/vcs-ref";
constexpr const char* kContextIds = "oidc.circleci.com/context-ids";
constexpr const char* kSshRerun = "oidc.circleci.com/ssh-rerun";
constexpr const char* kNo = "invalid_publisher";

const std::string kLongOrigin = "\"github.com/acme/" + std::string(500, 'w') + "\"";

INSTANTIATE_TEST_SUITE_P(
    Members, PublisherConfig,
    testing::Values(
        Outcome{"AsNpmSendsIt", kContextIds, "", "ok"}, Outcome{"NoOrganization", kOrgId, "", kNo},
        Outcome{"OrganizationIsNoUuid", kOrgId, "\"acme\"", kNo},
        Outcome{"OrganizationIsANumber", kOrgId, "7", kNo},
        Outcome{"OrganizationWithBraces", kOrgId, "\"{0a1b2c3d-1111-4111-8111-111111111111}\"",
                kNo},
        Outcome{"NoProject", kProjectId, "", kNo}, Outcome{"EmptyProject", kProjectId, "\"\"", kNo},
        Outcome{"NoDefinition", kDefinitionId, "null", kNo},
        Outcome{"NoOrigin", kVcsOrigin, "", kNo},
        Outcome{"OriginWithScheme", kVcsOrigin, "\"https://github.com/acme/widgets\"", kNo},
        Outcome{"OriginOfSsh", kVcsOrigin, "\"git@github.com/acme/widgets\"", kNo},
        Outcome{"OriginOfTwoParts", kVcsOrigin, "\"acme/widgets\"", kNo},
        Outcome{"OriginWithEmptyPart", kVcsOrigin, "\"github.com//widgets\"", kNo},
        Outcome{"OriginWithTrailingSlash", kVcsOrigin, "\"github.com/acme/widgets/\"", kNo},
        Outcome{"OriginThatClimbs", kVcsOrigin, "\"github.com/acme/../widgets\"", kNo},
        Outcome{"OriginWithSpace", kVcsOrigin, "\"github.com/acme/wid gets\"", kNo},
        Outcome{"OriginWithNewline", kVcsOrigin, "\"github.com/acme/widgets\\n\"", kNo},
        Outcome{"OriginWithQuery", kVcsOrigin, "\"github.com/acme/widgets?x\"", kNo},
        Outcome{"OriginTooLong", kVcsOrigin, kLongOrigin, kNo},
        Outcome{"OriginOfASubgroup", kVcsOrigin, "\"gitlab.com/group/sub/project\"", "ok"},
        Outcome{"ContextsAsText", kContextIds, "\"0a1b2c3d-aaaa-4aaa-8aaa-aaaaaaaaaaaa\"", kNo},
        Outcome{"ContextIsNoUuid", kContextIds, "[\"release\"]", kNo},
        Outcome{"ContextIsANumber", kContextIds, "[1]", kNo},
        Outcome{"NoContexts", kContextIds, "[]", "ok"},
        // A misspelt claim that were ignored would never be required.
        Outcome{"MisspeltClaim", "oidc.circleci.com/project_id", "\"x\"", kNo},
        Outcome{"BareClaim", "ref", "\"main\"", kNo}),
    kRowName);

TEST(PublisherClaims, KeepEveryIdOnceInLowerCaseAndOrder) {
  json::object sent = publisher_claims({kContextB, kContextA, kContextB});
  sent[claim("org-id")] = "0A1B2C3D-1111-4111-8111-111111111111";
  const auto parsed = required(sent).value();
  EXPECT_EQ(parsed.text(claim("org-id")), kOrganization);
  EXPECT_EQ(parsed.list(claim("context-ids")), (std::vector{kContextA, kContextB}));
  EXPECT_EQ(required(parsed.to_json()).value(), parsed);
}

TEST(PublisherClaims, RefuseMoreContextsThanAJobHas) {
  json::array contexts;
  for (int i = 0; i < 101; ++i) contexts.emplace_back(kContextA);
  json::object sent = publisher_claims();
  sent[claim("context-ids")] = contexts;
  EXPECT_EQ(code_of(required(sent)), "invalid_publisher");
}

TEST(PublisherClaims, ListNoContextsWhenThereAreNone) {
  EXPECT_FALSE(required(publisher_claims()).value().to_json().contains(claim("context-ids")));
}

class TokenClaim : public testing::TestWithParam<Received> {};

TEST_P(TokenClaim, IsComparedExactly) {
  const Received& it = GetParam();
  const auto expected = required(publisher_claims({kContextA, kContextB})).value();
  const Comparison comparison = expect_compared(expected, job_claims(), it);
  ASSERT_EQ(comparison.rows.size(), 5u);
  if (it.agreed) return;
  ASSERT_NE(comparison.first_mismatch(), nullptr);
  EXPECT_EQ(comparison.first_mismatch()->claim, it.claim);
  EXPECT_EQ(comparison.first_mismatch()->present, it.present);
  if (!it.present) EXPECT_EQ(comparison.first_mismatch()->received, "(absent)");
}

std::string contexts(std::initializer_list<std::string> ids) {
  return json::serialize(json::value_from(std::vector<std::string>(ids)));
}

INSTANTIATE_TEST_SUITE_P(
    Claims, TokenClaim,
    testing::Values(
        Received{"TheJob", kVcsRef, "\"refs/heads/x\"", true},
        Received{"OrganizationInUpperCase", kOrgId, "\"0A1B2C3D-1111-4111-8111-111111111111\"",
                 false, false},
        Received{"OtherOrganization", kOrgId, json_string(kOther), false, false},
        Received{"NoOrganization", kOrgId, "", false, false, false},
        Received{"OtherProject", kProjectId, json_string(kOther), false, false},
        Received{"ProjectInAList", kProjectId, contexts({kProject}), false, false, false},
        Received{"OtherDefinition", kDefinitionId, json_string(kOther), false},
        Received{"DefinitionIsNull", kDefinitionId, "null", false, true, false},
        Received{"Fork", kVcsOrigin, "\"github.com/mallory/widgets\"", false},
        Received{"OriginInOtherCase", kVcsOrigin, "\"github.com/Acme/widgets\"", false},
        Received{"OriginOfHostInCapitals", kVcsOrigin, "\"GitHub.com/acme/widgets\"", false},
        Received{"OriginWithGitSuffix", kVcsOrigin, "\"github.com/acme/widgets.git\"", false},
        Received{"OriginWithScheme", kVcsOrigin, "\"https://github.com/acme/widgets\"", false},
        Received{"OriginWithTrailingSlash", kVcsOrigin, "\"github.com/acme/widgets/\"", false},
        Received{"OriginWithMore", kVcsOrigin, "\"github.com/acme/widgets-evil\"", false},
        Received{"OriginWithLess", kVcsOrigin, "\"github.com/acme/widget\"", false},
        // Cyrillic а looks the same.
        Received{"OriginWithHomoglyph", kVcsOrigin, "\"github.com/аcme/widgets\"", false},
        // A custom webhook sends no origin: nobody knows whose code ran.
        Received{"NoOrigin", kVcsOrigin, "", false, true, false},
        Received{"OriginIsEmpty", kVcsOrigin, "\"\"", false},
        Received{"MoreContexts", kContextIds, contexts({kOther, kContextB, kContextA}), true},
        Received{"OneContextOfTwo", kContextIds, contexts({kContextB}), false},
        Received{"NoContextOfTwo", kContextIds, "[]", false},
        Received{"NoContexts", kContextIds, "", false, true, false},
        Received{"ContextsAsText", kContextIds, json_string(kContextA + "," + kContextB), false,
                 true, false},
        Received{"ContextsInAnObject", kContextIds, "{\"0\":\"x\"}", false, true, false},
        Received{"ContextsWithANumber", kContextIds,
                 "[\"" + kContextA + "\",\"" + kContextB + "\",7]", false, true, false}),
    kRowName);

TEST(Comparison, AsksForNoContextThatThePublisherDoesNotName) {
  const auto expected = required(publisher_claims()).value();
  EXPECT_TRUE(compare(expected, changed(job_claims(), claim("context-ids"), "")).agreed());
  EXPECT_TRUE(compare(expected, changed(job_claims(), claim("context-ids"), "\"x\"")).agreed());
}

TEST(Comparison, NeverAgreesWithAPublisherThatExpectsNothing) {
  json::object empty = job_claims();
  for (const char* name : {"org-id", "project-id", "pipeline-definition-id", "vcs-origin"}) {
    empty[claim(name)] = "";
  }
  EXPECT_FALSE(compare(RequiredClaims{}, empty).agreed());
  EXPECT_FALSE(compare(RequiredClaims(&circleci()), empty).agreed());
  EXPECT_FALSE(compare(RequiredClaims(&circleci()), empty).same_project());
}

TEST(Comparison, KeepsLittleOfAHugeClaim) {
  const auto expected = required(publisher_claims({kContextA})).value();
  std::string wide;
  for (int i = 0; i < 4000; ++i) wide += "ü";
  const Comparison origin = compare(
      expected, changed(job_claims(), claim("vcs-origin"), json_string("github.com/" + wide)));
  EXPECT_LE(origin.first_mismatch()->received.size(), 520u);
  EXPECT_TRUE(is_utf8(origin.first_mismatch()->received));
  json::array many;
  for (int i = 0; i < 400; ++i) many.emplace_back(kOther);
  const Comparison ids =
      compare(expected, changed(job_claims(), claim("context-ids"), json::serialize(many)));
  EXPECT_LE(ids.first_mismatch()->received.size(), 520u);
}

class CircleCiRule : public testing::TestWithParam<Outcome> {};

TEST_P(CircleCiRule, HoldsWhateverThePublisher) {
  const Outcome& it = GetParam();
  const auto checked =
      circleci().check(changed(job_claims(), it.claim, it.json_text), kOrganization);
  EXPECT_EQ(code_of(checked), it.outcome);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, CircleCiRule,
    testing::Values(Outcome{"NotRerun", kSshRerun, "false", "ok"},
                    Outcome{"RerunWithSsh", kSshRerun, "true", "ssh_rerun"},
                    Outcome{"RerunAbsent", kSshRerun, "", "claim_missing"},
                    Outcome{"RerunIsTrueAsText", kSshRerun, "\"true\"", "claim_missing"},
                    Outcome{"RerunIsFalseAsText", kSshRerun, "\"false\"", "claim_missing"},
                    Outcome{"RerunIsZero", kSshRerun, "0", "claim_missing"},
                    Outcome{"RerunIsNull", kSshRerun, "null", "claim_missing"},
                    Outcome{"RerunInAList", kSshRerun, "[false]", "claim_missing"},
                    Outcome{"NoOrganization", kOrgId, "", "claim_missing"},
                    Outcome{"OrganizationIsANumber", kOrgId, "1", "claim_missing"},
                    Outcome{"OrganizationOfAnother", kOrgId, json_string(kOther),
                            "tenant_mismatch"},
                    Outcome{"OrganizationInUpperCase", kOrgId,
                            "\"0A1B2C3D-1111-4111-8111-111111111111\"", "tenant_mismatch"}),
    kRowName);

TEST(CircleCiRules, LetTheRootIssuerSpeakForEveryOrganization) {
  EXPECT_TRUE(circleci().check(job_claims(), std::nullopt));
}

}  // namespace
}  // namespace imp::trust::test
