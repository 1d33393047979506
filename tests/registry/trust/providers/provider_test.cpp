#include "registry/trust/providers/provider.h"

#include <set>

#include "registry/trust/exchange.h"
#include "registry/trust/providers/github/github.h"
#include "registry/trust/providers/gitlab/gitlab.h"
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

TEST(Providers, TheClassOfARunnerIsTheirOwnClaim) {
  const json::object job{{"runner_environment", "self-hosted"}, {"machine", "x"}, {"number", 7}};
  EXPECT_EQ(runner_class(github(), job), "self-hosted");
  EXPECT_EQ(runner_class(gitlab(), job), "self-hosted");
  EXPECT_EQ(runner_class(circleci(), job), std::nullopt);  // which says nothing of its runners
  EXPECT_EQ(runner_class(github(), {}), std::nullopt);
  EXPECT_EQ(runner_class(github(), {{"runner_environment", 7}}), std::nullopt);
  EXPECT_EQ(runner_class("github", job), "self-hosted");
  EXPECT_EQ(runner_class("no-such-type", job), "");
  EXPECT_EQ(runner_class("", job), "");
}

TEST(Providers, WhatIsKeptOfARunHasItsRunnerUnderTheNameWithoutPrefix) {
  Provider prefixed = circleci();
  prefixed.run_prefix = "ci.example/";
  prefixed.runner_claim = "ci.example/machine";
  prefixed.hosted_runner = "cloud";
  jose::Claims claims;
  claims.all = {{"ci.example/machine", "cloud"}};
  EXPECT_EQ(runner_class(prefixed, claims.all), "cloud");
  EXPECT_EQ(run_of(prefixed, claims).at("machine"), "cloud");
  EXPECT_EQ(runner_class(prefixed, run_of(prefixed, claims)), "cloud");
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
