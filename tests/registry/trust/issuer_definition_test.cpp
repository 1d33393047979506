#include "registry/trust/issuer_definition.h"

#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

std::string refusal_of(const json::object& request) {
  const auto issuer = parse_issuer(request);
  return issuer ? "ok" : issuer.error().message;
}

// The same sentences answer the API and `imprimatur issuer add`.
TEST(IssuerDefinition, SaysWhatIsMissingAsTheApiAndAsTheCommandLineCallIt) {
  json::object request{{"id", "lab"}, {"kind", "gitlab"}, {"url", "http://10.0.0.1"}};
  EXPECT_TRUE(refusal_of(request).contains("private_addresses: true (--private-address)"));
  request["private_addresses"] = true;
  EXPECT_EQ(refusal_of(request), "ok");
  request["kind"] = "generic";
  EXPECT_TRUE(refusal_of(request).contains("tenant_claim (--tenant-claim)"));
  EXPECT_TRUE(refusal_of(request).contains("single_tenant: true (--single-tenant)"));
  request["single_tenant"] = true;
  EXPECT_EQ(refusal_of(request), "ok");
}

TEST(IssuerDefinition, NamesTheKindsThatAMemberIsFor) {
  const json::object request{{"id", "lab"}, {"kind", "circleci"}, {"url", "https://ci.example"}};
  const struct {
    const char* member;
    json::value value;
    const char* kinds;
  } cases[] = {{"kind", "imprimatur", "kind must be one of circleci, github, gitlab and generic."},
               {"tenant_claim", "team", "for issuers of kind generic: the others"},
               {"single_tenant", true, "for issuers of kind generic."},
               {"self_hosted_runners", true, "for issuers of kind github or gitlab."}};
  for (const auto& it : cases) {
    json::object changed = request;
    changed[it.member] = it.value;
    EXPECT_TRUE(refusal_of(changed).contains(it.kinds)) << refusal_of(changed);
  }
}

}  // namespace
}  // namespace imp::trust::test
