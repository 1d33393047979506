#pragma once

#include <set>

#include "registry/trust/providers/provider.h"
#include "registry/trust/trust_fixture.h"

namespace imp::trust::test {

/// What the exchange relies on, whatever the provider.
inline void expect_whole(const Provider& provider) {
  SCOPED_TRACE(provider.type);
  EXPECT_FALSE(provider.name.empty());
  EXPECT_FALSE(provider.machine_name.empty());
  EXPECT_FALSE(provider.machine_email.empty());
  EXPECT_EQ(provider.runner_claim.empty(), provider.hosted_runner.empty());
  EXPECT_FALSE(provider.known_issuer.url.ends_with('/'));
  ASSERT_NE(provider.tenant_of_path, nullptr);
  ASSERT_NE(provider.check, nullptr);
  std::set<std::string_view> names, fields;
  for (const ClaimRule& rule : provider.claims) {
    EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
    ASSERT_NE(rule.form, nullptr) << rule.name;
    EXPECT_FALSE(rule.label.empty()) << rule.name;
    EXPECT_TRUE(fields.insert(rule.form_field()).second) << rule.name;
    // A publisher without its tenant or its project would trust every job of the issuer.
    EXPECT_TRUE(rule.required || rule.part == ClaimRule::Part::job) << rule.name;
  }
  for (const LearntClaim& learnt : provider.learnt) {
    EXPECT_TRUE(names.insert(learnt.name).second) << learnt.name;
    EXPECT_TRUE(fields.insert(learnt.name).second) << learnt.name;
    EXPECT_FALSE(learnt.label.empty()) << learnt.name;
  }
  // The empty path is the base URL itself.
  const auto root = provider.tenant_of_path("");
  EXPECT_TRUE(root && !*root);
  for (const char* path : {"/", "x", "/org", "/org/", "//", "/../", "?x", "#x", "%2f"}) {
    EXPECT_FALSE(provider.tenant_of_path(path)) << path;
  }
  EXPECT_FALSE(provider.check({}, std::nullopt));
  EXPECT_FALSE(RequiredClaims::parse(provider, {}));
  EXPECT_FALSE(compare(RequiredClaims(&provider), {}).agreed());
  // Without a table a publisher names its claims, and the issuer's row the tenant.
  EXPECT_EQ(provider.is_open(), provider.claims.empty());
  if (provider.is_open()) return;
  for (const auto part : {ClaimRule::Part::tenant, ClaimRule::Part::project}) {
    EXPECT_EQ(std::ranges::count(provider.claims, part, &ClaimRule::part), 1);
  }
}

}  // namespace imp::trust::test
