#include "registry/trust/github.h"

#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

Result<RequiredClaims> github_required(const json::object& claims) {
  return RequiredClaims::parse(github(), claims);
}

struct Config {
  const char* name;
  const char* member;
  std::string json_text;
  const char* outcome;
};

class GitHubConfig : public testing::TestWithParam<Config> {};

TEST_P(GitHubConfig, IsCheckedMemberByMember) {
  const Config& it = GetParam();
  const auto parsed = github_required(changed(github_publisher(), it.member, it.json_text));
  EXPECT_EQ(code_of(parsed), it.outcome);
  if (!parsed) EXPECT_TRUE(parsed.error().message.contains(it.member)) << parsed.error().message;
}

constexpr const char* kNo = "invalid_publisher";

INSTANTIATE_TEST_SUITE_P(
    Members, GitHubConfig,
    testing::Values(
        Config{"AsNpmSendsIt", "environment", "", "ok"},
        Config{"NoRepository", "repository", "", kNo},
        Config{"RepositoryWithoutOwner", "repository", "\"widgets\"", kNo},
        Config{"RepositoryOfThreeParts", "repository", "\"acme/widgets/x\"", kNo},
        Config{"RepositoryAsUrl", "repository", "\"https://github.com/acme/widgets\"", kNo},
        Config{"RepositoryThatClimbs", "repository", "\"acme/..\"", kNo},
        Config{"RepositoryWithSpace", "repository", "\"acme/wid gets\"", kNo},
        Config{"NoFile", "workflow_ref", "", kNo},
        Config{"FileAsText", "workflow_ref", "\"release.yml\"", kNo},
        Config{"FileWithFolder", "workflow_ref", R"({"file":".github/workflows/release.yml"})",
               kNo},
        Config{"FileOfAnotherKind", "workflow_ref", R"({"file":"release.sh"})", kNo},
        Config{"FileAndMore", "workflow_ref", R"({"file":"release.yml","ref":"main"})", kNo},
        Config{"FileIsEmpty", "workflow_ref", R"({"file":""})", kNo},
        Config{"FileOfYaml", "workflow_ref", R"({"file":"release.yaml"})", "ok"},
        Config{"Environment", "environment", "\"npm\"", "ok"},
        Config{"EmptyEnvironment", "environment", "\"\"", kNo},
        Config{"EnvironmentWithNewline", "environment", "\"a\\nb\"", kNo},
        Config{"Called", "job_workflow_ref", "\"acme/shared/.github/workflows/p.yml\"", "ok"},
        Config{"CalledAtARef", "job_workflow_ref",
               "\"acme/shared/.github/workflows/p.yml@refs/tags/v1\"", "ok"},
        Config{"CalledAtAShortRef", "job_workflow_ref",
               "\"acme/shared/.github/workflows/p.yml@v1\"", kNo},
        Config{"CalledWithoutRepository", "job_workflow_ref", "\".github/workflows/p.yml\"", kNo},
        Config{"Identifier", "repository_id", "\"1001\"", "ok"},
        Config{"IdentifierAsANumber", "repository_id", "1001", kNo},
        // What is made of the repository's name cannot be said otherwise.
        Config{"Owner", "repository_owner", "\"acme\"", kNo},
        Config{"MisspeltClaim", "workflow", "\"release.yml\"", kNo}),
    [](const auto& info) { return std::string(info.param.name); });

struct Received {
  const char* name;
  const char* claim;
  std::string json_text;
  bool agreed;
  bool same_project = true;
};

class GitHubClaim : public testing::TestWithParam<Received> {};

TEST_P(GitHubClaim, IsComparedExactly) {
  const Received& it = GetParam();
  json::object claims = github_publisher();
  claims["environment"] = "npm";
  claims["job_workflow_ref"] = "acme/shared/.github/workflows/publish.yml";
  const Comparison comparison =
      compare(github_required(claims).value(), changed(github_job(), it.claim, it.json_text));
  EXPECT_EQ(comparison.agreed(), it.agreed);
  EXPECT_EQ(comparison.same_project(), it.same_project);
}

std::string workflow(std::string_view file_and_ref) {
  return json_string("acme/widgets/.github/workflows/" + std::string(file_and_ref));
}
std::string called(std::string_view rest) {
  return json_string("acme/shared/.github/workflows/publish.yml" + std::string(rest));
}
constexpr const char* kWorkflowRef = "workflow_ref";
constexpr const char* kCalled = "job_workflow_ref";

INSTANTIATE_TEST_SUITE_P(
    Claims, GitHubClaim,
    testing::Values(
        Received{"TheJob", "ref", "\"refs/heads/x\"", true},
        Received{"OtherRepository", "repository", "\"acme/gadgets\"", false, false},
        Received{"RepositoryInOtherCase", "repository", "\"Acme/widgets\"", false, false},
        Received{"OtherOwner", "repository_owner", "\"mallory\"", false, false},
        Received{"NoRepository", "repository", "", false, false},
        Received{"OnATag", kWorkflowRef, workflow("release.yml@refs/tags/v1"), true},
        Received{"AtACommit", kWorkflowRef, workflow("release.yml@" + std::string(40, 'a')), true},
        Received{"OnABranchThatLooksLikeAFile", kWorkflowRef,
                 workflow("release.yml@refs/heads/misleading@evil.yml"), true},
        Received{"OtherFile", kWorkflowRef, workflow("other.yml@refs/heads/main"), false},
        Received{"FileInOtherCase", kWorkflowRef, workflow("Release.yml@refs/heads/main"), false},
        Received{"FileWithAnAt", kWorkflowRef, workflow("release.yml@evil.yml@refs/heads/main"),
                 false},
        Received{"FileAfterAnAt", kWorkflowRef, workflow("evil@release.yml@refs/heads/main"),
                 false},
        Received{"FileAmongAts", kWorkflowRef,
                 workflow("extra@release.yml@evil.yml@refs/heads/main"), false},
        Received{"FileInTheRef", kWorkflowRef, workflow("evil.yml@refs/heads/release.yml"), false},
        Received{"FileInABranchWithAnAt", kWorkflowRef,
                 workflow("evil.yml@refs/heads/x@release.yml"), false},
        Received{"FileInAFolder", kWorkflowRef, workflow("x/release.yml@refs/heads/main"), false},
        Received{"FileOfAnotherFolder", kWorkflowRef,
                 "\"acme/widgets/workflows/release.yml@refs/heads/main\"", false},
        Received{"NoRef", kWorkflowRef, workflow("release.yml"), false},
        Received{"EmptyRef", kWorkflowRef, workflow("release.yml@"), false},
        Received{"EmptyFullRef", kWorkflowRef, workflow("release.yml@refs/"), false},
        Received{"ShortRef", kWorkflowRef, workflow("release.yml@main"), false},
        // A workflow that an organisation requires runs in the repository but is not its own.
        Received{"WorkflowOfAnotherRepository", kWorkflowRef,
                 "\"acme/evil/.github/workflows/release.yml@refs/heads/main\"", false},
        Received{"WorkflowInAList", kWorkflowRef,
                 "[" + workflow("release.yml@refs/heads/main") + "]", false},
        Received{"WorkflowAsObject", kWorkflowRef, R"({"file":"release.yml"})", false},
        Received{"NoWorkflow", kWorkflowRef, "", false},
        Received{"OtherEnvironment", "environment", "\"NPM\"", false},
        Received{"NoEnvironment", "environment", "", false},
        Received{"CalledAtACommit", kCalled, called("@" + std::string(40, '1')), true},
        Received{"CalledFileWithAnAt", kCalled, called("@evil.yml@refs/heads/main"), false},
        Received{"CalledFileWithMore", kCalled, called(".evil.yml@refs/heads/main"), false},
        Received{"CalledOfAnother", kCalled,
                 "\"evil/shared/.github/workflows/publish.yml@refs/tags/v1\"", false},
        Received{"NothingCalled", kCalled, "", false}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(GitHubClaims, DoNotAskForWhatThePublisherDoesNotName) {
  const auto expected = github_required(github_publisher()).value();
  for (const char* name : {"environment", "job_workflow_ref"}) {
    EXPECT_TRUE(compare(expected, changed(github_job(), name, "")).agreed()) << name;
    EXPECT_TRUE(compare(expected, changed(github_job(), name, "\"x\"")).agreed()) << name;
  }
}

TEST(GitHubClaims, OfACalledWorkflowMayBeBoundToItsRef) {
  json::object claims = github_publisher();
  claims["job_workflow_ref"] = "acme/shared/.github/workflows/publish.yml@refs/tags/v1";
  const auto expected = github_required(claims).value();
  EXPECT_TRUE(compare(expected, github_job()).agreed());
  for (const char* rest : {"@refs/tags/v12", "@refs/heads/v1", "@refs/tags/v1@x"}) {
    EXPECT_FALSE(compare(expected, changed(github_job(), kCalled, called(rest))).agreed()) << rest;
  }
}

TEST(GitHubClaims, KeepWhatARequestPins) {
  json::object claims = github_publisher();
  claims["repository_id"] = "1001";
  auto expected = github_required(claims).value();
  EXPECT_TRUE(compare(expected, github_job()).agreed());
  EXPECT_TRUE(compare(expected, changed(github_job(), "repository_id", "\"1002\"")).resurrected());
  EXPECT_TRUE(expected.learn_from(github_job()));  // the owner's
  EXPECT_FALSE(expected.learn_from(github_job()));
  EXPECT_EQ(expected.learnt().size(), 2u);
}

struct Rule {
  const char* name;
  const char* claim;
  std::string json_text;
  const char* outcome;
};

class GitHubRule : public testing::TestWithParam<Rule> {};

TEST_P(GitHubRule, HoldsWhateverThePublisher) {
  const Rule& it = GetParam();
  EXPECT_EQ(code_of(github().check(changed(github_job(), it.claim, it.json_text), std::nullopt)),
            it.outcome);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, GitHubRule,
    testing::Values(Rule{"Push", "event_name", "\"push\"", "ok"},
                    Rule{"Release", "event_name", "\"release\"", "ok"},
                    Rule{"PullRequestTarget", "event_name", "\"pull_request_target\"",
                         "banned_event"},
                    Rule{"WorkflowRun", "event_name", "\"workflow_run\"", "banned_event"},
                    Rule{"NoEvent", "event_name", "", "claim_missing"},
                    Rule{"EventInAList", "event_name", "[\"workflow_run\"]", "claim_missing"},
                    Rule{"NoRepositoryId", "repository_id", "", "claim_missing"},
                    Rule{"RepositoryIdAsANumber", "repository_id", "1001", "claim_missing"},
                    Rule{"EmptyOwnerId", "repository_owner_id", "\"\"", "claim_missing"},
                    Rule{"OwnerOfAnother", "repository_owner", "\"mallory\"", "tenant_mismatch"},
                    Rule{"OwnerAndMore", "repository_owner", "\"acm\"", "tenant_mismatch"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace imp::trust::test
