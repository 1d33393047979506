#include "registry/trust/issuer.h"

#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

struct Named {
  const char* name;
  std::string iss;
  const char* issuer;        ///< Issuer::id, or "" for none
  const char* organization;  ///< "" for the root form
};

class NamedIssuer : public testing::TestWithParam<Named> {};

TEST_P(NamedIssuer, IsFoundByteForByteOrNotAtAll) {
  const Issuers issuers = test_issuers();
  const auto match = issuers.find(GetParam().iss);
  EXPECT_EQ(match ? match->issuer->id : "", GetParam().issuer);
  if (!match) return;
  EXPECT_EQ(match->url, GetParam().iss);
  EXPECT_EQ(match->tenant.value_or(""), GetParam().organization);
}

INSTANTIATE_TEST_SUITE_P(
    Each, NamedIssuer,
    testing::Values(
        Named{"Root", kBase, "circleci", ""},
        Named{"Organization", organization_issuer(), "circleci", kOrganization.c_str()},
        Named{"OwnRoot", "https://registry.example/oidc", "imprimatur", ""},
        Named{"OwnOrganization", "https://registry.example/oidc/org/" + kOrganization, "imprimatur",
              kOrganization.c_str()},
        Named{"Empty", "", "", ""}, Named{"TrailingSlash", kBase + "/", "", ""},
        Named{"OrganizationTrailingSlash", organization_issuer() + "/", "", ""},
        Named{"Http", "http://ci.example/org/" + kOrganization, "", ""},
        Named{"SchemeInCapitals", "HTTPS://ci.example", "", ""},
        Named{"HostInCapitals", "https://CI.example/org/" + kOrganization, "", ""},
        Named{"DefaultPort", "https://ci.example:443/org/" + kOrganization, "", ""},
        Named{"OtherPort", "https://ci.example:8443", "", ""},
        Named{"HostWithDot", "https://ci.example./org/" + kOrganization, "", ""},
        Named{"UserInformation", "https://ci.example@evil.example/org/" + kOrganization, "", ""},
        Named{"UserBefore", "https://x@ci.example/org/" + kOrganization, "", ""},
        Named{"HostWithMore", "https://ci.example.evil.example", "", ""},
        Named{"HostSuffix", "https://ci.exampleevil/org/" + kOrganization, "", ""},
        Named{"Punycode", "https://xn--ci-example/org/" + kOrganization, "", ""},
        Named{"Query", kBase + "?x", "", ""}, Named{"Fragment", kBase + "#x", "", ""},
        Named{"PercentEncodedSlash", kBase + "%2Forg%2F" + kOrganization, "", ""},
        Named{"PercentEncodedUuid", kBase + "/org/%30a1b2c3d-1111-4111-8111-111111111111", "", ""},
        Named{"Climbs", kBase + "/org/x/../" + kOrganization, "", ""},
        Named{"ClimbsAfter", organization_issuer() + "/../" + kOther, "", ""},
        Named{"DoubleSlash", kBase + "//org/" + kOrganization, "", ""},
        Named{"UuidInCapitals", kBase + "/org/0A1B2C3D-1111-4111-8111-111111111111", "", ""},
        Named{"UuidWithoutHyphens", kBase + "/org/0a1b2c3d111141118111111111111111", "", ""},
        Named{"NoUuid", kBase + "/org/acme", "", ""},
        Named{"NoOrganization", kBase + "/org/", "", ""},
        Named{"OrgInCapitals", kBase + "/ORG/" + kOrganization, "", ""},
        Named{"OtherPath", kBase + "/project/" + kOrganization, "", ""},
        Named{"Deeper", organization_issuer() + "/project/" + kProject, "", ""},
        Named{"LeadingSpace", " " + kBase, "", ""}, Named{"Newline", kBase + "\n", "", ""},
        Named{"Nul", kBase + std::string(1, '\0'), "", ""}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Discovery, IsBelowTheIssuerItself) {
  const Issuers issuers = test_issuers();
  EXPECT_EQ(issuers.find(organization_issuer())->discovery_url(),
            organization_issuer() + "/.well-known/openid-configuration");
}

TEST(Discovery, DoesNotDoubleTheSlashOfAnIssuer) {
  Issuer tenant(*provider_of_type("generic"));
  tenant.id = "tenant";
  tenant.base_url = "https://tenant.example/";
  const Issuers issuers({tenant});
  EXPECT_EQ(issuers.find("https://tenant.example/")->discovery_url(),
            "https://tenant.example/.well-known/openid-configuration");
  EXPECT_FALSE(issuers.find("https://tenant.example"));
}

TEST(Discovery, OfTheBuiltInIssuerIsAskedAtTheLoopbackListener) {
  Issuer own(circleci());
  own.id = "imprimatur";
  own.base_url = "https://registry.example/oidc";
  own.fetch_base = "http://127.0.0.1:4873/oidc";
  const Issuers issuers({own});
  EXPECT_EQ(
      issuers.find(own.base_url + "/org/" + kOrganization)->discovery_url(),
      "http://127.0.0.1:4873/oidc/org/" + kOrganization + "/.well-known/openid-configuration");
}

TEST(Issuers, SpeakTheClaimsOfTheirProvider) {
  const Issuers issuers = test_issuers();
  EXPECT_TRUE(issuers.speaks("imprimatur", circleci()));
  EXPECT_TRUE(issuers.speaks("github", *provider_of_type("github")));
  EXPECT_FALSE(issuers.speaks("github", circleci()));
  EXPECT_FALSE(issuers.speaks("", circleci()));  // a registry without CI of its own
  EXPECT_EQ(issuers.by_id("github")->kind(), "github");
  EXPECT_EQ(issuers.by_id("imprimatur")->kind(), "imprimatur");
}

TEST(Issuers, AreFoundByTheOperatorsName) {
  const Issuers issuers = test_issuers();
  EXPECT_EQ(issuers.by_id("circleci")->base_url, kBase);
  EXPECT_EQ(issuers.by_id("CircleCI"), nullptr);
  EXPECT_EQ(issuers.by_id(""), nullptr);
}

}  // namespace
}  // namespace imp::trust::test
