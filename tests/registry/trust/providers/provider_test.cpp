#include "registry/trust/providers/provider.h"

#include <set>

#include "registry/trust/providers/whole.h"

namespace imp::trust::test {
namespace {

TEST(Providers, AreWhole) {
  std::set<std::string_view> types, issuers;
  ASSERT_FALSE(providers().empty());
  for (const Provider* provider : providers()) {
    expect_whole(*provider);
    EXPECT_TRUE(types.insert(provider->type).second);
    EXPECT_EQ(provider_of_type(provider->type), provider);
    const std::string_view known = provider->known_issuer.url;
    EXPECT_TRUE(known.empty() || issuers.insert(known).second) << known;
  }
}

TEST(Providers, AreFoundByTheirExactType) {
  EXPECT_EQ(provider_of_type("circleci"), &circleci());
  for (const char* type : {"", "CircleCI", "circleci ", "imprimatur", "GitHub", "bitbucket"}) {
    EXPECT_EQ(provider_of_type(type), nullptr) << type;
  }
}

TEST(Providers, AreListedInMessages) {
  EXPECT_EQ(all_types("and"), "circleci, github, gitlab and generic");
  EXPECT_EQ(types_of([](const Provider& it) { return it.tells_runners(); }), "github or gitlab");
  EXPECT_EQ(types_of([](const Provider& it) { return it.is_open(); }), "generic");
  EXPECT_EQ(types_of([](const Provider&) { return false; }), "");
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
