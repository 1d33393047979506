#include "registry/trust/ref_pattern.h"

#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

struct Ref {
  const char* name;
  std::string pattern, ref;
  std::optional<std::string> version;
};

class RefPattern : public testing::TestWithParam<Ref> {};

TEST_P(RefPattern, IsSatisfiedAndTellsTheVersion) {
  EXPECT_EQ(version_in(GetParam().pattern, GetParam().ref), GetParam().version);
}

const std::optional<std::string> kNo, kAny = "";

INSTANTIATE_TEST_SUITE_P(
    Refs, RefPattern,
    testing::Values(
        Ref{"Exact", "refs/heads/main", "refs/heads/main", kAny},
        Ref{"OtherCase", "refs/heads/main", "refs/heads/Main", kNo},
        Ref{"More", "refs/heads/main", "refs/heads/main2", kNo},
        Ref{"Less", "refs/heads/main", "refs/heads/mai", kNo},
        Ref{"Empty", "refs/heads/main", "", kNo},
        Ref{"Star", "refs/heads/release-*", "refs/heads/release-1", kAny},
        Ref{"StarForNothing", "refs/heads/release-*", "refs/heads/release-", kAny},
        Ref{"StarIsOneSegment", "refs/heads/*", "refs/heads/mallory/x", kNo},
        Ref{"StarInTheMiddle", "refs/heads/*/release", "refs/heads/v1/release", kAny},
        Ref{"StarTwice", "refs/tags/*-rc*", "refs/tags/1-rc-rc2", kAny},
        Ref{"StarAndMore", "refs/tags/v*x", "refs/tags/v1y", kNo},
        Ref{"ABranchIsNoTag", "refs/tags/*", "refs/heads/v1", kNo},
        Ref{"Version", "refs/tags/v{{version}}", "refs/tags/v1.2.3", "1.2.3"},
        Ref{"Prerelease", "refs/tags/v{{version}}", "refs/tags/v1.2.3-rc.1", "1.2.3-rc.1"},
        Ref{"NoVersion", "refs/tags/v{{version}}", "refs/tags/vnext", kNo},
        Ref{"ShortVersion", "refs/tags/v{{version}}", "refs/tags/v1.2", kNo},
        Ref{"VersionWithZeros", "refs/tags/v{{version}}", "refs/tags/v01.2.3", kNo},
        Ref{"VersionAndMore", "refs/tags/v{{version}}", "refs/tags/v1.2.3/x", kNo},
        Ref{"VersionOfABranch", "refs/tags/v{{version}}", "refs/heads/v1.2.3", kNo},
        Ref{"VersionOfOnePackageOfMany", "refs/tags/@acme/lib@{{version}}",
            "refs/tags/@acme/lib@2.0.0", "2.0.0"},
        Ref{"VersionBeforeMore", "refs/heads/release/{{version}}/final",
            "refs/heads/release/2.0.0/final", "2.0.0"},
        Ref{"VersionAfterAStar", "refs/tags/*-v{{version}}", "refs/tags/lib-v2.0.0", "2.0.0"},
        // Tried at each place of each version, this would take minutes.
        Ref{"HostileStars", "*{{version}}*" + std::string(200, 'x') + "y", std::string(512, 'x'),
            kNo},
        Ref{"StarsOnBothSides", "refs/tags/*-{{version}}-*", "refs/tags/lib-2.0.0-x-1", "2.0.0-x"},
        Ref{"TooLong", "refs/heads/*", "refs/heads/" + std::string(600, 'x'), kNo}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(RefPatterns, MayBindTheVersionOnceAndAreFullRefs) {
  const struct {
    const char* text;
    bool full, any;
  } cases[] = {{"refs/heads/main", true, true},
               {"refs/tags/v{{version}}", true, true},
               {"main", false, true},
               {"v{{version}}", false, true},
               {"refs/pull/*", false, true},
               {"refs/tags/{{version}}-{{version}}", false, false},
               {"refs/tags/{{Version}}", false, false},
               {"refs/tags/{{", false, false},
               {"refs/tags/v{version}", false, false},
               {"refs/tags/*********", false, false},
               {"refs/tags/a\nb", false, false},
               {"", false, false}};
  for (const auto& it : cases) {
    const json::value text(it.text);
    EXPECT_EQ(kRef.normal(&text).has_value(), it.full) << it.text;
    EXPECT_EQ(kAnyRef.normal(&text).has_value(), it.any) << it.text;
  }
  EXPECT_FALSE(kRef.normal(nullptr));
}

TEST(BoundVersion, IsThatOfTheRefWhateverTheProvider) {
  const struct {
    const char* type;
    json::object publisher, job;
    std::string claim;
  } cases[] = {{"circleci", publisher_claims(), job_claims(), claim("vcs-ref")},
               {"github", github_publisher(), github_job(), "ref"},
               {"gitlab", gitlab_publisher(), gitlab_job(), "ref_path"}};
  for (const auto& it : cases) {
    SCOPED_TRACE(it.type);
    json::object claims = it.publisher;
    claims[it.claim] = "refs/tags/v{{version}}";
    const auto required = RequiredClaims::parse(*provider_of_type(it.type), claims).value();
    EXPECT_EQ(required.specificity(), 1u);
    json::object job = it.job;
    EXPECT_FALSE(compare(required, job).agreed());
    job[it.claim] = "refs/tags/v1.2.3";
    if (it.type == std::string_view("gitlab")) {
      job["ci_config_ref_uri"] = "gitlab.com/acme/tools/widgets//.gitlab-ci.yml@refs/tags/v1.2.3";
    }
    EXPECT_TRUE(compare(required, job).agreed());
    EXPECT_EQ(required.bound_version(job), "1.2.3");
    const auto unbound = RequiredClaims::parse(*provider_of_type(it.type), it.publisher).value();
    EXPECT_EQ(unbound.bound_version(job), "");
  }
}

}  // namespace
}  // namespace imp::trust::test
