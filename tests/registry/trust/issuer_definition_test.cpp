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

TEST(IssuerDefinition, IsNotTheDiscoveryDocument) {
  const json::object request{{"id", "lab"},
                             {"kind", "gitlab"},
                             {"url", "https://git.example/.well-known/openid-configuration"}};
  EXPECT_TRUE(refusal_of(request).contains("leave out /.well-known/"));
}

// Some identity services name themselves so.
TEST(IssuerDefinition, MayEndInASlashWhereNoProviderSaysOtherwise) {
  json::object request{
      {"id", "lab"}, {"kind", "generic"}, {"url", "https://id.example/"}, {"single_tenant", true}};
  EXPECT_EQ(refusal_of(request), "ok");
  request["url"] = "https://id.example//";
  EXPECT_TRUE(refusal_of(request).contains("url must be http:// or https://"));
  request = {{"id", "lab"}, {"kind", "github"}, {"url", "https://git.example/_services/token/"}};
  EXPECT_TRUE(refusal_of(request).contains("slash at the end"));
}

TEST(IssuerDefinition, TakesAnAddressOfKeysThatNobodyOnTheWayAnswersFor) {
  const json::object request{{"id", "cloud"},
                             {"kind", "generic"},
                             {"url", "https://id.example"},
                             {"single_tenant", true},
                             {"keys_url", "https://keys.example/v3/certs"}};
  const auto with = [&](const char* member, const json::value& value) {
    json::object changed = request;
    changed[member] = value;
    return refusal_of(changed);
  };
  EXPECT_EQ(refusal_of(request), "ok");
  EXPECT_EQ(issuer_json(*parse_issuer(request)).at("keys_url"), request.at("keys_url"));
  EXPECT_TRUE(with("keys_url", "http://keys.example/certs").contains("fetched over http://"));
  for (const json::value& odd :
       {json::value(""), json::value("keys.example"), json::value("file:///etc/passwd"),
        json::value("https://x@keys.example/certs"), json::value(1)}) {
    EXPECT_TRUE(with("keys_url", odd).contains("keys_url is the")) << odd;
  }
  EXPECT_TRUE(with("keys", json::parse(jwks_of({{"r", jose::test::rsa_key().public_key()}})))
                  .contains("and not both"));
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
               {"keys_url", "https://keys.example", "for issuers of kind generic: the others"},
               {"self_hosted_runners", true, "for issuers of kind github or gitlab."}};
  for (const auto& it : cases) {
    json::object changed = request;
    changed[it.member] = it.value;
    EXPECT_TRUE(refusal_of(changed).contains(it.kinds)) << refusal_of(changed);
  }
}

}  // namespace
}  // namespace imp::trust::test
