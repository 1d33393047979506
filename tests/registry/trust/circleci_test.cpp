#include "registry/trust/circleci.h"

#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

struct Config {
  const char* name;
  const char* member;  ///< without the prefix, unless it begins with "!"
  std::string json_text;
  const char* outcome;
};

class PublisherConfig : public testing::TestWithParam<Config> {};

TEST_P(PublisherConfig, IsCheckedMemberByMember) {
  const Config& it = GetParam();
  const std::string member = *it.member == '!' ? it.member + 1 : claim(it.member);
  const auto parsed = required(changed(publisher_claims(), member, it.json_text));
  EXPECT_EQ(code_of(parsed), it.outcome);
  if (!parsed) EXPECT_TRUE(parsed.error().message.contains(member)) << parsed.error().message;
}

const std::string kLongOrigin = "\"github.com/acme/" + std::string(500, 'w') + "\"";

INSTANTIATE_TEST_SUITE_P(
    Members, PublisherConfig,
    testing::Values(
        Config{"AsNpmSendsIt", "context-ids", "", "ok"},
        Config{"NoOrganization", "org-id", "", "invalid_publisher"},
        Config{"OrganizationIsNoUuid", "org-id", "\"acme\"", "invalid_publisher"},
        Config{"OrganizationIsANumber", "org-id", "7", "invalid_publisher"},
        Config{"OrganizationWithBraces", "org-id", "\"{0a1b2c3d-1111-4111-8111-111111111111}\"",
               "invalid_publisher"},
        Config{"NoProject", "project-id", "", "invalid_publisher"},
        Config{"EmptyProject", "project-id", "\"\"", "invalid_publisher"},
        Config{"NoDefinition", "pipeline-definition-id", "null", "invalid_publisher"},
        Config{"NoOrigin", "vcs-origin", "", "invalid_publisher"},
        Config{"OriginWithScheme", "vcs-origin", "\"https://github.com/acme/widgets\"",
               "invalid_publisher"},
        Config{"OriginOfSsh", "vcs-origin", "\"git@github.com/acme/widgets\"", "invalid_publisher"},
        Config{"OriginOfTwoParts", "vcs-origin", "\"acme/widgets\"", "invalid_publisher"},
        Config{"OriginWithEmptyPart", "vcs-origin", "\"github.com//widgets\"", "invalid_publisher"},
        Config{"OriginWithTrailingSlash", "vcs-origin", "\"github.com/acme/widgets/\"",
               "invalid_publisher"},
        Config{"OriginThatClimbs", "vcs-origin", "\"github.com/acme/../widgets\"",
               "invalid_publisher"},
        Config{"OriginWithSpace", "vcs-origin", "\"github.com/acme/wid gets\"",
               "invalid_publisher"},
        Config{"OriginWithNewline", "vcs-origin", "\"github.com/acme/widgets\\n\"",
               "invalid_publisher"},
        Config{"OriginWithQuery", "vcs-origin", "\"github.com/acme/widgets?x\"",
               "invalid_publisher"},
        Config{"OriginTooLong", "vcs-origin", kLongOrigin, "invalid_publisher"},
        Config{"OriginOfASubgroup", "vcs-origin", "\"gitlab.com/group/sub/project\"", "ok"},
        Config{"ContextsAsText", "context-ids", "\"0a1b2c3d-aaaa-4aaa-8aaa-aaaaaaaaaaaa\"",
               "invalid_publisher"},
        Config{"ContextIsNoUuid", "context-ids", "[\"release\"]", "invalid_publisher"},
        Config{"ContextIsANumber", "context-ids", "[1]", "invalid_publisher"},
        Config{"NoContexts", "context-ids", "[]", "ok"},
        // A misspelt claim that were ignored would never be required.
        Config{"MisspeltClaim", "project_id", "\"x\"", "invalid_publisher"},
        Config{"BareClaim", "!ref", "\"main\"", "invalid_publisher"}),
    [](const auto& info) { return std::string(info.param.name); });

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

struct Received {
  const char* name;
  const char* claim;
  std::string json_text;
  bool agreed;
  bool present = true;
  bool same_project = true;
};

class TokenClaim : public testing::TestWithParam<Received> {};

TEST_P(TokenClaim, IsComparedExactly) {
  const Received& it = GetParam();
  const auto expected = required(publisher_claims({kContextA, kContextB})).value();
  const Comparison comparison =
      compare(expected, changed(job_claims(), claim(it.claim), it.json_text));
  EXPECT_EQ(comparison.agreed(), it.agreed);
  EXPECT_EQ(comparison.same_project(), it.same_project);
  ASSERT_EQ(comparison.rows.size(), 5u);
  if (it.agreed) {
    EXPECT_EQ(comparison.first_mismatch(), nullptr);
    return;
  }
  ASSERT_NE(comparison.first_mismatch(), nullptr);
  EXPECT_EQ(comparison.first_mismatch()->claim, claim(it.claim));
  EXPECT_EQ(comparison.first_mismatch()->present, it.present);
  if (!it.present) EXPECT_EQ(comparison.first_mismatch()->received, "(absent)");
}

std::string contexts(std::initializer_list<std::string> ids) {
  return json::serialize(json::value_from(std::vector<std::string>(ids)));
}

INSTANTIATE_TEST_SUITE_P(
    Claims, TokenClaim,
    testing::Values(
        Received{"TheJob", "vcs-ref", "\"refs/heads/x\"", true},
        Received{"OrganizationInUpperCase", "org-id", "\"0A1B2C3D-1111-4111-8111-111111111111\"",
                 false, true, false},
        Received{"OtherOrganization", "org-id", json_string(kOther), false, true, false},
        Received{"NoOrganization", "org-id", "", false, false, false},
        Received{"OtherProject", "project-id", json_string(kOther), false, true, false},
        Received{"ProjectInAList", "project-id", contexts({kProject}), false, false, false},
        Received{"OtherDefinition", "pipeline-definition-id", json_string(kOther), false},
        Received{"DefinitionIsNull", "pipeline-definition-id", "null", false, false},
        Received{"Fork", "vcs-origin", "\"github.com/mallory/widgets\"", false},
        Received{"OriginInOtherCase", "vcs-origin", "\"github.com/Acme/widgets\"", false},
        Received{"OriginOfHostInCapitals", "vcs-origin", "\"GitHub.com/acme/widgets\"", false},
        Received{"OriginWithGitSuffix", "vcs-origin", "\"github.com/acme/widgets.git\"", false},
        Received{"OriginWithScheme", "vcs-origin", "\"https://github.com/acme/widgets\"", false},
        Received{"OriginWithTrailingSlash", "vcs-origin", "\"github.com/acme/widgets/\"", false},
        Received{"OriginWithMore", "vcs-origin", "\"github.com/acme/widgets-evil\"", false},
        Received{"OriginWithLess", "vcs-origin", "\"github.com/acme/widget\"", false},
        // Cyrillic а looks the same.
        Received{"OriginWithHomoglyph", "vcs-origin", "\"github.com/аcme/widgets\"", false},
        // A custom webhook sends no origin: nobody knows whose code ran.
        Received{"NoOrigin", "vcs-origin", "", false, false},
        Received{"OriginIsEmpty", "vcs-origin", "\"\"", false},
        Received{"MoreContexts", "context-ids", contexts({kOther, kContextB, kContextA}), true},
        Received{"OneContextOfTwo", "context-ids", contexts({kContextB}), false},
        Received{"NoContextOfTwo", "context-ids", "[]", false},
        Received{"NoContexts", "context-ids", "", false, false},
        Received{"ContextsAsText", "context-ids", json_string(kContextA + "," + kContextB), false,
                 false},
        Received{"ContextsInAnObject", "context-ids", "{\"0\":\"x\"}", false, false},
        Received{"ContextsWithANumber", "context-ids",
                 "[\"" + kContextA + "\",\"" + kContextB + "\",7]", false, false}),
    [](const auto& info) { return std::string(info.param.name); });

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

struct Rule {
  const char* name;
  const char* claim;
  std::string json_text;
  const char* outcome;
};

class CircleCiRule : public testing::TestWithParam<Rule> {};

TEST_P(CircleCiRule, HoldsWhateverThePublisher) {
  const Rule& it = GetParam();
  const auto checked =
      circleci().check(changed(job_claims(), claim(it.claim), it.json_text), kOrganization);
  EXPECT_EQ(code_of(checked), it.outcome);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, CircleCiRule,
    testing::Values(Rule{"NotRerun", "ssh-rerun", "false", "ok"},
                    Rule{"RerunWithSsh", "ssh-rerun", "true", "ssh_rerun"},
                    Rule{"RerunAbsent", "ssh-rerun", "", "claim_missing"},
                    Rule{"RerunIsTrueAsText", "ssh-rerun", "\"true\"", "claim_missing"},
                    Rule{"RerunIsFalseAsText", "ssh-rerun", "\"false\"", "claim_missing"},
                    Rule{"RerunIsZero", "ssh-rerun", "0", "claim_missing"},
                    Rule{"RerunIsNull", "ssh-rerun", "null", "claim_missing"},
                    Rule{"RerunInAList", "ssh-rerun", "[false]", "claim_missing"},
                    Rule{"NoOrganization", "org-id", "", "claim_missing"},
                    Rule{"OrganizationIsANumber", "org-id", "1", "claim_missing"},
                    Rule{"OrganizationOfAnother", "org-id", json_string(kOther), "tenant_mismatch"},
                    Rule{"OrganizationInUpperCase", "org-id",
                         "\"0A1B2C3D-1111-4111-8111-111111111111\"", "tenant_mismatch"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(CircleCiRules, LetTheRootIssuerSpeakForEveryOrganization) {
  EXPECT_TRUE(circleci().check(job_claims(), std::nullopt));
}

}  // namespace
}  // namespace imp::trust::test
