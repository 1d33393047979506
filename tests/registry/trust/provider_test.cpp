#include "registry/trust/provider.h"

#include <set>

#include "registry/trust/issuer.h"
#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

// What the exchange relies on, whatever the provider.
TEST(Providers, AreWhole) {
  std::set<std::string_view> types;
  ASSERT_FALSE(providers().empty());
  for (const Provider* provider : providers()) {
    SCOPED_TRACE(provider->type);
    EXPECT_TRUE(types.insert(provider->type).second);
    EXPECT_EQ(provider_of_type(provider->type), provider);
    EXPECT_FALSE(provider->name.empty());
    EXPECT_FALSE(provider->machine_name.empty());
    EXPECT_FALSE(provider->machine_email.empty());
    ASSERT_NE(provider->tenant_of_path, nullptr);
    ASSERT_NE(provider->check, nullptr);
    std::set<std::string_view> names;
    for (const ClaimRule& rule : provider->claims) {
      EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
      ASSERT_NE(rule.form, nullptr) << rule.name;
      EXPECT_FALSE(rule.label.empty()) << rule.name;
      // A publisher without its tenant or its project would trust every job of the issuer.
      EXPECT_TRUE(rule.required || rule.part == ClaimRule::Part::job) << rule.name;
    }
    // The empty path is the base URL itself.
    const auto root = provider->tenant_of_path("");
    EXPECT_TRUE(root && !*root);
    for (const char* path : {"/", "x", "/org", "/org/", "//", "/../", "?x", "#x", "%2f"}) {
      EXPECT_FALSE(provider->tenant_of_path(path)) << path;
    }
    EXPECT_FALSE(provider->check({}, std::nullopt));
    EXPECT_FALSE(RequiredClaims::parse(*provider, {}));
    EXPECT_FALSE(compare(RequiredClaims(provider), {}).agreed());
    // Without a table a publisher names its claims, and the issuer's row the tenant.
    EXPECT_EQ(provider->open, provider->claims.empty());
    if (provider->open) continue;
    for (const auto part : {ClaimRule::Part::tenant, ClaimRule::Part::project}) {
      EXPECT_EQ(std::ranges::count(provider->claims, part, &ClaimRule::part), 1);
    }
  }
}

TEST(Providers, AreFoundByTheirExactType) {
  EXPECT_EQ(provider_of_type("circleci"), &circleci());
  for (const char* type : {"", "CircleCI", "circleci ", "imprimatur", "GitHub", "bitbucket"}) {
    EXPECT_EQ(provider_of_type(type), nullptr) << type;
  }
  EXPECT_EQ(&provider_of(IssuerKind::circleci), &circleci());
  EXPECT_EQ(&provider_of(IssuerKind::imprimatur), &circleci());
  EXPECT_EQ(&provider_of(IssuerKind::github), provider_of_type("github"));
  EXPECT_EQ(&provider_of(IssuerKind::gitlab), provider_of_type("gitlab"));
}

TEST(Specificity, CountsWhatNotEveryPublisherHasToRequire) {
  EXPECT_EQ(required(publisher_claims())->specificity(), 0u);
  EXPECT_EQ(required(publisher_claims({kContextA}))->specificity(), 1u);
  EXPECT_EQ(required(publisher_claims({kContextA, kContextB}))->specificity(), 2u);
  EXPECT_EQ(RequiredClaims().specificity(), 0u);
  EXPECT_EQ(required(publisher_claims())->tenant(), kOrganization);
}

}  // namespace
}  // namespace imp::trust::test
