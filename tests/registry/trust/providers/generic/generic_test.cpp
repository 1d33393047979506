#include "registry/trust/providers/generic/generic.h"

#include "registry/trust/ref_pattern.h"
#include "registry/trust/trust_fixture.h"

namespace imp::trust::test {
namespace {

TEST(OpenClaims, ArePatternsWhereTheyAreRefs) {
  for (const char* name : {"ref", "git_ref", "build_branch", "build_tag", "x.example/ref"}) {
    EXPECT_EQ(&form_of_open_claim(name), &kAnyRef) << name;
  }
  for (const char* name : {"sub", "referrer", "stage", "environment", "prefix", ""}) {
    EXPECT_EQ(&form_of_open_claim(name), &kText) << name;
  }
}

TEST(OpenClaims, BindTheVersionOnce) {
  const json::object once{{"tag", "v{{version}}"}, {"pipeline", "x{{version}}"}};
  EXPECT_TRUE(RequiredClaims::parse(generic(), once));
  const json::object twice{{"tag", "v{{version}}"}, {"ref", "refs/tags/v{{version}}"}};
  EXPECT_EQ(code_of(RequiredClaims::parse(generic(), twice)), "invalid_publisher");
}

TEST(OpenClaims, AreOfTokensThatNameASubject) {
  EXPECT_EQ(code_of(generic().check({{"sub", "job"}}, std::nullopt)), "ok");
  EXPECT_EQ(code_of(generic().check({{"ref", "refs/heads/main"}}, std::nullopt)), "claim_missing");
  EXPECT_EQ(code_of(generic().check({{"sub", 7}}, std::nullopt)), "claim_missing");
}

}  // namespace
}  // namespace imp::trust::test
