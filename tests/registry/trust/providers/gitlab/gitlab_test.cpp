#include "registry/trust/providers/gitlab/gitlab.h"

#include "registry/trust/trust_fixture.h"

namespace imp::trust::test {
namespace {

Result<RequiredClaims> gitlab_required(const json::object& claims) {
  return RequiredClaims::parse(gitlab(), claims);
}

class GitLabConfig : public testing::TestWithParam<Outcome> {};

TEST_P(GitLabConfig, IsCheckedMemberByMember) {
  expect_parsed(gitlab(), gitlab_publisher(), GetParam());
}

constexpr const char* kNo = "invalid_publisher";

INSTANTIATE_TEST_SUITE_P(
    Members, GitLabConfig,
    testing::Values(
        Outcome{"AsNpmSendsIt", "environment", "", "ok"},
        Outcome{"Environment", "environment", "\"npm\"", "ok"},
        Outcome{"EmptyEnvironment", "environment", "\"\"", kNo},
        Outcome{"NoProject", "project_path", "", kNo},
        Outcome{"ProjectWithoutGroup", "project_path", "\"widgets\"", kNo},
        Outcome{"ProjectOfAGroup", "project_path", "\"acme/widgets\"", "ok"},
        Outcome{"ProjectOfSubgroups", "project_path", "\"a/b/c/d/e/widgets\"", "ok"},
        Outcome{"ProjectWithEmptyPart", "project_path", "\"acme//widgets\"", kNo},
        Outcome{"ProjectThatClimbs", "project_path", "\"acme/../widgets\"", kNo},
        Outcome{"ProjectAsUrl", "project_path", "\"https://gitlab.com/acme/widgets\"", kNo},
        Outcome{"NoFile", "ci_config_ref_uri", "", kNo},
        Outcome{"FileAsText", "ci_config_ref_uri", "\".gitlab-ci.yml\"", kNo},
        Outcome{"FileWithFolder", "ci_config_ref_uri", R"({"file":"ci/release.yml"})", kNo},
        Outcome{"FilePattern", "ci_config_ref_uri", R"({"file":"*.yml"})", kNo},
        Outcome{"Source", "pipeline_source", "\"push\"", "ok"},
        Outcome{"SourceOfForks", "pipeline_source", "\"merge_request_event\"", kNo},
        Outcome{"Identifier", "project_id", "\"1001\"", "ok"},
        Outcome{"IdentifierAsANumber", "project_id", "1001", kNo},
        // What is made of the project's path cannot be said otherwise.
        Outcome{"Namespace", "namespace_path", "\"acme\"", kNo},
        Outcome{"MisspeltClaim", "ref", "\"main\"", kNo}),
    kRowName);

class GitLabClaim : public testing::TestWithParam<Received> {};

TEST_P(GitLabClaim, IsComparedExactly) {
  json::object claims = gitlab_publisher();
  claims["environment"] = "npm";
  expect_compared(gitlab_required(claims).value(), gitlab_job(), GetParam());
}

std::string file(std::string_view text) { return json_string(text); }
constexpr const char* kFile = "ci_config_ref_uri";

INSTANTIATE_TEST_SUITE_P(
    Claims, GitLabClaim,
    testing::Values(
        Received{"TheJob", "sub", "\"x\"", true},
        Received{"OtherProject", "project_path", "\"acme/tools/gadgets\"", false, false},
        Received{"ProjectOfTheGroup", "project_path", "\"acme/widgets\"", false, false},
        Received{"Fork", "project_path", "\"mallory/widgets\"", false, false},
        Received{"OtherNamespace", "namespace_path", "\"acme\"", false, false},
        Received{"FileInAFolder", kFile,
                 file("gitlab.com/acme/tools/widgets//ci/.gitlab-ci.yml@refs/heads/main"), true},
        Received{"OtherHost", kFile,
                 file("git.acme.example:8443/acme/tools/widgets//.gitlab-ci.yml@refs/heads/main"),
                 true},
        // null when the pipeline's definition is in another project
        Received{"Null", kFile, "null", false}, Received{"Absent", kFile, "", false},
        Received{"OtherFile", kFile,
                 file("gitlab.com/acme/tools/widgets//evil.yml@refs/heads/main"), false},
        Received{"FileWithMore", kFile,
                 file("gitlab.com/acme/tools/widgets//x.gitlab-ci.yml@refs/heads/main"), false},
        Received{"FileOfAnotherProject", kFile,
                 file("gitlab.com/acme/tools/evil//.gitlab-ci.yml@refs/heads/main"), false},
        Received{"ProjectFurtherInside", kFile,
                 file("gitlab.com/evil/acme/tools/widgets//.gitlab-ci.yml@refs/heads/main"), false},
        Received{"NoDoubleSlash", kFile,
                 file("gitlab.com/acme/tools/widgets/.gitlab-ci.yml@refs/heads/main"), false},
        Received{"FileInTheRef", kFile,
                 file("gitlab.com/acme/tools/widgets//evil.yml@refs/heads/.gitlab-ci.yml"), false},
        Received{
            "FolderThatLooksLikeARef", kFile,
            file("gitlab.com/acme/tools/widgets//.gitlab-ci.yml@refs/evil.yml@refs/heads/main"),
            false},
        Received{"AnotherRef", kFile,
                 file("gitlab.com/acme/tools/widgets//.gitlab-ci.yml@refs/heads/evil"), false},
        Received{"NoRef", kFile, file("gitlab.com/acme/tools/widgets//.gitlab-ci.yml"), false},
        Received{"NoHost", kFile, file("acme/tools/widgets//.gitlab-ci.yml@refs/heads/main"),
                 false},
        Received{"NoRefPath", "ref_path", "", false},
        Received{"OtherEnvironment", "environment", "\"production\"", false},
        Received{"NoEnvironment", "environment", "null", false}),
    kRowName);

TEST(GitLabClaims, OfABranchThatLooksLikeAFileAreThoseOfTheFile) {
  json::object job = gitlab_job();
  job["ref_path"] = "refs/heads/x@refs/heads/main";
  job["ci_config_ref_uri"] =
      "gitlab.com/acme/tools/widgets//.gitlab-ci.yml@refs/heads/x@refs/heads/main";
  EXPECT_TRUE(compare(gitlab_required(gitlab_publisher()).value(), job).agreed());
}

TEST(GitLabClaims, OfSourcesAreComparedWhereThePublisherNamesOne) {
  json::object claims = gitlab_publisher();
  claims["pipeline_source"] = "push";
  const auto expected = gitlab_required(claims).value();
  for (const auto& [source, agreed] :
       {std::pair("\"push\"", true), std::pair("\"web\"", false), std::pair("", false)}) {
    EXPECT_EQ(compare(expected, changed(gitlab_job(), "pipeline_source", source)).agreed(), agreed)
        << source;
  }
}

TEST(GitLabRules, HoldWhateverThePublisher) {
  const struct {
    const char* claim;
    const char* json_text;
    const char* outcome;
  } cases[] = {{"pipeline_source", "\"push\"", "ok"},
               {"pipeline_source", "\"web\"", "ok"},
               {"pipeline_source", "\"merge_request_event\"", "banned_event"},
               {"pipeline_source", "\"external_pull_request_event\"", "banned_event"},
               {"pipeline_source", "", "claim_missing"},
               {"project_id", "1001", "claim_missing"},
               {"namespace_id", "", "claim_missing"},
               {"namespace_path", "\"acme\"", "tenant_mismatch"}};
  for (const auto& it : cases) {
    const auto job = changed(gitlab_job(), it.claim, it.json_text);
    EXPECT_EQ(code_of(gitlab().check(job, std::nullopt)), it.outcome) << it.claim << it.json_text;
  }
}

}  // namespace
}  // namespace imp::trust::test
