#include "registry/trust/key_document.h"

#include "trust_fixture.h"

namespace imp::trust::test {
namespace {

struct Document {
  const char* name;
  std::string text;
  bool accepted = false;
};

class DiscoveryDocument : public testing::TestWithParam<Document> {};

TEST_P(DiscoveryDocument, NamesKeysOnTheIssuersOwnHost) {
  const auto uri = jwks_uri_of(GetParam().text, kBase);
  EXPECT_EQ(uri.has_value(), GetParam().accepted) << (uri ? *uri : uri.error());
}

std::string document(std::string_view issuer, std::string_view uri) {
  return json::serialize(json::object{{"issuer", issuer}, {"jwks_uri", uri}});
}

INSTANTIATE_TEST_SUITE_P(
    Each, DiscoveryDocument,
    testing::Values(
        Document{"SameHost", document(kBase, kBase + "/keys"), true},
        Document{"OtherIssuer", document("https://evil.example", kBase + "/keys")},
        Document{"IssuerWithSlash", document(kBase + "/", kBase + "/keys")},
        Document{"NoIssuer", R"({"jwks_uri":"https://ci.example/keys"})"},
        Document{"IssuerInAList",
                 R"({"issuer":["https://ci.example"],"jwks_uri":"https://ci.example/k"})"},
        Document{"NoUri", R"({"issuer":"https://ci.example"})"},
        Document{"UriIsANumber", R"({"issuer":"https://ci.example","jwks_uri":1})"},
        Document{"OtherHost", document(kBase, "https://evil.example/keys")},
        Document{"OtherScheme", document(kBase, "http://ci.example/keys")},
        Document{"OtherPort", document(kBase, "https://ci.example:8443/keys")},
        Document{"SpelledPort", document(kBase, "https://ci.example:443/keys")},
        Document{"Subdomain", document(kBase, "https://keys.ci.example/keys")},
        Document{"HostWithMore", document(kBase, "https://ci.example.evil.example/keys")},
        Document{"UserInformation", document(kBase, "https://ci.example@evil.example/keys")},
        Document{"UserAndPassword", document(kBase, "https://ci.example:443@evil.example/keys")},
        Document{"BackslashAt", document(kBase, "https://ci.example\\@evil.example/keys")},
        Document{"Backslash", document(kBase, "https://ci.example\\evil.example/keys")},
        Document{"QueryAt", document(kBase, "https://evil.example?@ci.example/keys")},
        Document{"Relative", document(kBase, "/keys")},
        Document{"NoScheme", document(kBase, "//ci.example/keys")},
        Document{"File", document(kBase, "file:///etc/passwd")},
        Document{"HostInCapitals", document(kBase, "https://CI.example/keys")},
        Document{"Html", "<html></html>"}, Document{"Empty", ""}, Document{"List", "[]"},
        // The first and the last would be different issuers to different parsers.
        Document{
            "IssuerTwice",
            R"({"issuer":"https://ci.example","issuer":"https://ci.example","jwks_uri":"https://ci.example/k"})"},
        Document{
            "Nul",
            "{\"issuer\":\"https://ci.example\\u0000\",\"jwks_uri\":\"https://ci.example/k\"}"}),
    [](const auto& info) { return std::string(info.param.name); });

struct Control {
  const char* name;
  const char* header;
  std::int64_t seconds;  ///< -1: nothing
};

class CacheControl : public testing::TestWithParam<Control> {};

TEST_P(CacheControl, IsRead) {
  const auto age = max_age_of(GetParam().header);
  EXPECT_EQ(age ? age->count() / 1000 : -1, GetParam().seconds);
}

INSTANTIATE_TEST_SUITE_P(
    Each, CacheControl,
    testing::Values(
        Control{"Alone", "max-age=600", 600}, Control{"Last", "public, max-age=600", 600},
        Control{"Tight", "public,max-age=600,immutable", 600},
        // Names of directives have no case (RFC 9111 §5.2).
        Control{"Capitals", "Public, Max-Age=600", 600},
        Control{"Tab", "public,\tmax-age=600", 600}, Control{"OfSharedCaches", "s-maxage=600", -1},
        Control{"OtherFirst", "x-max-age=5, max-age=600", 600}, Control{"Absent", "no-store", -1},
        Control{"Empty", "", -1}, Control{"Negative", "max-age=-1", -1},
        Control{"Fraction", "max-age=1.5", -1}, Control{"Letters", "max-age=60abc", -1},
        Control{"NoNumber", "max-age=", -1}, Control{"Huge", "max-age=99999999999999999999", -1}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace imp::trust::test
