#include "registry/trust/providers/github/github.h"

#include "registry/trust/trust_fixture.h"

namespace imp::trust::test {
namespace {

Result<RequiredClaims> github_required(const json::object& claims) {
  return RequiredClaims::parse(github(), claims);
}

class GitHubConfig : public testing::TestWithParam<Outcome> {};

TEST_P(GitHubConfig, IsCheckedMemberByMember) {
  expect_parsed(github(), github_publisher(), GetParam());
}

constexpr const char* kNo = "invalid_publisher";

INSTANTIATE_TEST_SUITE_P(
    Members, GitHubConfig,
    testing::Values(
        Outcome{"AsNpmSendsIt", "environment", "", "ok"},
        Outcome{"NoRepository", "repository", "", kNo},
        Outcome{"RepositoryWithoutOwner", "repository", "\"widgets\"", kNo},
        Outcome{"RepositoryOfThreeParts", "repository", "\"acme/widgets/x\"", kNo},
        Outcome{"RepositoryAsUrl", "repository", "\"https://github.com/acme/widgets\"", kNo},
        // No token has it so: GitHub takes it from the end of a name.
        Outcome{"RepositoryAsCloned", "repository", "\"acme/widgets.git\"", kNo},
        Outcome{"RepositoryThatClimbs", "repository", "\"acme/..\"", kNo},
        Outcome{"RepositoryWithSpace", "repository", "\"acme/wid gets\"", kNo},
        Outcome{"NoFile", "workflow_ref", "", kNo},
        Outcome{"FileAsText", "workflow_ref", "\"release.yml\"", kNo},
        Outcome{"FileWithFolder", "workflow_ref", R"({"file":".github/workflows/release.yml"})",
                kNo},
        Outcome{"FileOfAnotherKind", "workflow_ref", R"({"file":"release.sh"})", kNo},
        Outcome{"FileAndMore", "workflow_ref", R"({"file":"release.yml","ref":"main"})", kNo},
        Outcome{"FileIsEmpty", "workflow_ref", R"({"file":""})", kNo},
        Outcome{"FilePattern", "workflow_ref", R"({"file":"release-*.yml"})", kNo},
        Outcome{"AnyFile", "workflow_ref", R"({"file":"*.yml"})", kNo},
        Outcome{"FileOfYaml", "workflow_ref", R"({"file":"release.yaml"})", "ok"},
        Outcome{"Environment", "environment", "\"npm\"", "ok"},
        Outcome{"EmptyEnvironment", "environment", "\"\"", kNo},
        Outcome{"EnvironmentWithNewline", "environment", "\"a\\nb\"", kNo},
        Outcome{"Called", "job_workflow_ref", "\"acme/shared/.github/workflows/p.yml\"", "ok"},
        Outcome{"CalledAtARef", "job_workflow_ref",
                "\"acme/shared/.github/workflows/p.yml@refs/tags/v1\"", "ok"},
        Outcome{"CalledAtAShortRef", "job_workflow_ref",
                "\"acme/shared/.github/workflows/p.yml@v1\"", kNo},
        Outcome{"CalledWithoutRepository", "job_workflow_ref", "\".github/workflows/p.yml\"", kNo},
        Outcome{"Event", "event_name", "\"release\"", "ok"},
        Outcome{"EmptyEvent", "event_name", "\"\"", kNo},
        Outcome{"EventOfStrangers", "event_name", "\"pull_request_target\"", kNo},
        Outcome{"EventOfARunOfStrangers", "event_name", "\"workflow_run\"", kNo},
        Outcome{"Identifier", "repository_id", "\"1001\"", "ok"},
        Outcome{"IdentifierAsANumber", "repository_id", "1001", kNo},
        // What is made of the repository's name cannot be said otherwise.
        Outcome{"Owner", "repository_owner", "\"acme\"", kNo},
        Outcome{"MisspeltClaim", "workflow", "\"release.yml\"", kNo}),
    kRowName);

class GitHubClaim : public testing::TestWithParam<Received> {};

TEST_P(GitHubClaim, IsComparedExactly) {
  json::object claims = github_publisher();
  claims["environment"] = "npm";
  claims["job_workflow_ref"] = "acme/shared/.github/workflows/publish.yml";
  expect_compared(github_required(claims).value(), github_job(), GetParam());
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
    kRowName);

TEST(GitHubClaims, DoNotAskForWhatThePublisherDoesNotName) {
  const auto expected = github_required(github_publisher()).value();
  for (const char* name : {"environment", "job_workflow_ref"}) {
    EXPECT_TRUE(compare(expected, changed(github_job(), name, "")).agreed()) << name;
    EXPECT_TRUE(compare(expected, changed(github_job(), name, "\"x\"")).agreed()) << name;
  }
}

TEST(GitHubClaims, OfEnvironmentsAreToldUnlessTheyAreAskedFor) {
  const auto had = [](const json::object& publisher, const char* environment) {
    std::string out;
    const auto expected = github_required(publisher).value();
    for (const auto& one : unasked(expected, changed(github_job(), "environment", environment))) {
      out += one.claim + "=" + one.received + ";";
    }
    return out;
  };
  json::object asking = github_publisher();
  asking["environment"] = "npm";
  EXPECT_EQ(had(github_publisher(), "\"npm\""), "environment=npm;");
  EXPECT_EQ(had(github_publisher(), "\"\""), "");
  EXPECT_EQ(had(github_publisher(), ""), "");
  EXPECT_EQ(had(github_publisher(), "[\"npm\"]"), "");
  EXPECT_EQ(had(asking, "\"npm\""), "");
}

TEST(GitHubClaims, OfEventsAreComparedWhereThePublisherNamesOne) {
  json::object claims = github_publisher();
  claims["event_name"] = "release";
  const auto expected = github_required(claims).value();
  const auto agreed = [&](const char* event) {
    return compare(expected, changed(github_job(), "event_name", event)).agreed();
  };
  EXPECT_TRUE(agreed("\"release\""));
  EXPECT_FALSE(agreed("\"push\""));
  EXPECT_FALSE(agreed("\"Release\""));
  EXPECT_FALSE(agreed(""));
}

// One word, spelt with one character and with two: different bytes, so different names.
TEST(GitHubClaims, AreComparedWithoutNormalisation) {
  const char* composed = "caf\u00e9";
  const char* decomposed = "cafe\u0301";
  for (const auto& [configured, other] :
       {std::pair(composed, decomposed), std::pair(decomposed, composed)}) {
    json::object claims = github_publisher();
    claims["environment"] = configured;
    const auto expected = github_required(claims).value();
    const auto job = [](const char* text) {
      return changed(github_job(), "environment", json_string(text));
    };
    EXPECT_TRUE(compare(expected, job(configured)).agreed());
    EXPECT_FALSE(compare(expected, job(other)).agreed());
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

class GitHubRule : public testing::TestWithParam<Outcome> {};

TEST_P(GitHubRule, HoldsWhateverThePublisher) {
  const Outcome& it = GetParam();
  EXPECT_EQ(code_of(github().check(changed(github_job(), it.claim, it.json_text), std::nullopt)),
            it.outcome);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, GitHubRule,
    testing::Values(Outcome{"Push", "event_name", "\"push\"", "ok"},
                    Outcome{"Release", "event_name", "\"release\"", "ok"},
                    Outcome{"PullRequestTarget", "event_name", "\"pull_request_target\"",
                            "banned_event"},
                    Outcome{"WorkflowRun", "event_name", "\"workflow_run\"", "banned_event"},
                    Outcome{"NoEvent", "event_name", "", "claim_missing"},
                    Outcome{"EventInAList", "event_name", "[\"workflow_run\"]", "claim_missing"},
                    Outcome{"NoRepositoryId", "repository_id", "", "claim_missing"},
                    Outcome{"RepositoryIdAsANumber", "repository_id", "1001", "claim_missing"},
                    Outcome{"EmptyOwnerId", "repository_owner_id", "\"\"", "claim_missing"},
                    Outcome{"OwnerOfAnother", "repository_owner", "\"mallory\"", "tenant_mismatch"},
                    Outcome{"OwnerAndMore", "repository_owner", "\"acm\"", "tenant_mismatch"}),
    kRowName);

}  // namespace
}  // namespace imp::trust::test
