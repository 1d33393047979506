#include "jose/verify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "claim_table.h"
#include "forge.h"

namespace imp::jose {
namespace {

using namespace test;
using std::chrono::seconds;

Time second(std::int64_t since_1970) { return Time(seconds(since_1970)); }

TEST(Verify, ReturnsTheClaims) {
  const auto token = parse_token(good_token());
  ASSERT_TRUE(token);
  const auto claims = verify(*token, good_keys(), good_policy(), kNow);
  ASSERT_TRUE(claims) << claims.error().message;
  EXPECT_EQ(claims->issuer, kIssuer);
  EXPECT_EQ(claims->audience, kAudience);
  EXPECT_EQ(claims->subject, "org/o/project/p/user/u");
  EXPECT_EQ(claims->issued_at, second(kIssuedAt));
  EXPECT_EQ(claims->expires_at, second(kIssuedAt + 3600));
  EXPECT_EQ(claims->token_id, "5d3e");
  EXPECT_EQ(claims->key_id, "r");
  EXPECT_EQ(claims->algorithm, Algorithm::rs256);
  EXPECT_EQ(claims->all, good_claims());
}

TEST(Verify, BooleansAndTheirTextStayApart) {
  for (const auto& [text, expected] : std::vector<std::pair<std::string, json::value>>{
           {"true", true}, {R"("true")", "true"}, {"1", 1}, {"null", nullptr}}) {
    const auto token = parse_token(forge(good_header(), payload_with("ssh-rerun", text)));
    const auto claims = verify(*token, good_keys(), good_policy(), kNow);
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->all.at("ssh-rerun"), expected) << text;
  }
}

TEST(Verify, TheDefaultPolicyAcceptsNothing) {
  EXPECT_EQ(verified_code(good_token(), VerifyPolicy{}), "issuer_mismatch");
  VerifyPolicy policy = good_policy();
  policy.algorithms.clear();
  EXPECT_EQ(verified_code(good_token(), policy), "algorithm_not_allowed");
  policy = good_policy();
  policy.audiences.clear();
  EXPECT_EQ(verified_code(good_token(), policy), "audience_mismatch");
  EXPECT_EQ(verified_code(good_token(), good_policy(), kNow, KeySet()), "unknown_key");
}

TEST(Verify, BothAudiencesAreNamed) {
  VerifyPolicy policy = good_policy();
  policy.audiences = {"npm:one.example", "npm:two.example"};
  const auto token = parse_token(good_token());
  ASSERT_TRUE(token);
  const auto refused = verify(*token, good_keys(), policy, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "The token is for the audience \"" + good_policy().audiences.at(0) +
                "\"; this server accepts npm:one.example and npm:two.example.");
}

TEST(Verify, EmptyIssuerOrAudienceInBothIsStillAnExactMatch) {
  VerifyPolicy policy = good_policy();
  EXPECT_EQ(claim_code("iss", R"("")", policy), "issuer_mismatch");
  EXPECT_EQ(claim_code("aud", R"("")", policy), "audience_mismatch");
}

TEST(Verify, Issuer) {
  expect_claim_codes({
      {"iss", "\"" + kIssuer + "\"", "ok"},
      {"iss", R"("https:\/\/ci.example\/oidc\/org\/6c5b2b1e")", "ok"},  // the same text, escaped
      {"iss", "", "missing_claim"},
      {"iss", "null", "claim_type"},
      {"iss", "[\"" + kIssuer + "\"]", "claim_type"},
      {"iss", "\"" + kIssuer + "/\"", "issuer_mismatch"},
      {"iss", "\"" + kIssuer + "//\"", "issuer_mismatch"},
      {"iss", "\"" + kIssuer + "#\"", "issuer_mismatch"},
      {"iss", "\"" + kIssuer + "?\"", "issuer_mismatch"},
      {"iss", "\" " + kIssuer + "\"", "issuer_mismatch"},
      {"iss", "\"" + kIssuer + "\\n\"", "issuer_mismatch"},
      {"iss", R"("http://ci.example/oidc/org/6c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("HTTPS://ci.example/oidc/org/6c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("https://CI.example/oidc/org/6c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("https://ci.example./oidc/org/6c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("https://ci.example:443/oidc/org/6c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("https://a@ci.example/oidc/org/6c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("https://ci.example@evil.example/oidc/org/6c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("https://ci.example.evil.example/oidc/org/6c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("https://ci.example/oidc/org/%36c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("https://ci.example/oidc/org/x/../6c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("https://ci.example/oidc//org/6c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("https://ci.example/oidc/org/6C5B2B1E")", "issuer_mismatch"},
      {"iss", R"("https://ci.example/oidc/org/another")", "issuer_mismatch"},
      {"iss", R"("https://ci.example/oidc")", "issuer_mismatch"},  // root, not this organisation
      {"iss", R"("https://xn--ci-xyz.example/oidc/org/6c5b2b1e")", "issuer_mismatch"},
      {"iss", R"("https://\u0441i.example/oidc/org/6c5b2b1e")", "issuer_mismatch"},  // Cyrillic s
      {"iss", R"("ci.example/oidc/org/6c5b2b1e")", "issuer_mismatch"},
  });
}

TEST(Verify, Audience) {
  expect_claim_codes({
      {"aud", R"("npm:registry.example")", "ok"},
      {"aud", R"("npm:registry.example:4873")", "ok"},
      {"aud", R"(["npm:registry.example"])", "ok"},
      {"aud", "", "missing_claim"},
      {"aud", "null", "claim_type"},
      {"aud", "true", "claim_type"},
      {"aud", "7", "claim_type"},
      {"aud", R"({"npm:registry.example":1})", "claim_type"},
      {"aud", "[]", "claim_type"},
      {"aud", "[null]", "claim_type"},
      {"aud", R"([["npm:registry.example"]])", "claim_type"},
      // every other recipient could replay it here
      {"aud", R"(["npm:registry.example","https://other.example"])", "claim_type"},
      {"aud", R"(["https://other.example","npm:registry.example"])", "claim_type"},
      {"aud", R"(["npm:registry.example","npm:registry.example"])", "claim_type"},
      {"aud", R"(["https://other.example"])", "audience_mismatch"},
      {"aud", R"("")", "audience_mismatch"},
      {"aud", R"("NPM:registry.example")", "audience_mismatch"},
      {"aud", R"("npm:Registry.example")", "audience_mismatch"},
      {"aud", R"("npm:registry.example/")", "audience_mismatch"},
      {"aud", R"("npm:registry.example:443")", "audience_mismatch"},
      {"aud", R"("npm:registry.example ")", "audience_mismatch"},
      {"aud", R"("npm:registry.example.evil.example")", "audience_mismatch"},
      {"aud", R"("npm:registry")", "audience_mismatch"},
      {"aud", R"("registry.example")", "audience_mismatch"},
      {"aud", R"("npm:registry.example,https://other.example")", "audience_mismatch"},
      {"aud", R"("*")", "audience_mismatch"},
  });
}

TEST(Verify, TokenId) {
  expect_claim_codes({
      {"jti", "", "ok"},
      {"jti", R"("x")", "ok"},
      {"jti", '"' + std::string(256, 'j') + '"', "ok"},
      {"jti", R"("")", "claim_type"},
      {"jti", "null", "claim_type"},
      {"jti", "7", "claim_type"},
      {"jti", R"(["x"])", "claim_type"},
      {"jti", R"({"x":1})", "claim_type"},
      {"jti", '"' + std::string(257, 'j') + '"', "claim_type"},
      {"jti", '"' + std::string(8000, 'j') + '"', "claim_type"},
      {"jti", R"("x\u0000")", "malformed"},
  });
  VerifyPolicy policy = good_policy();
  policy.require_token_id = true;
  EXPECT_EQ(claim_code("jti", R"("x")", policy), "ok");
  EXPECT_EQ(claim_code("jti", "", policy), "missing_claim");
}

TEST(Verify, Subject) {
  expect_claim_codes({
      {"sub", "", "ok"},  // which claims an issuer must send is its own table's business
      {"sub", R"("")", "ok"},
      {"sub", "null", "claim_type"},
      {"sub", "7", "claim_type"},
      {"sub", R"(["x"])", "claim_type"},
  });
}

TEST(Verify, AnIssuersAlgorithmsAreItsOwn) {
  struct Row {
    Algorithm algorithm;
    std::string kid;
    const crypto::PrivateKey* key;
  };
  const std::vector<Row> rows = {{Algorithm::rs256, "r", &rsa_key()},
                                 {Algorithm::es256, "e", &p256_key()},
                                 {Algorithm::eddsa, "d", &ed25519_key()}};
  for (const Row& allowed : rows) {
    VerifyPolicy policy = good_policy();
    policy.algorithms = {allowed.algorithm};
    for (const Row& used : rows) {
      const std::string header =
          fmt::format(R"({{"alg":"{}","kid":"{}"}})", name(used.algorithm), used.kid);
      EXPECT_EQ(verified_code(forge(header, good_payload(), *used.key), policy),
                used.algorithm == allowed.algorithm ? "ok" : "algorithm_not_allowed");
    }
  }
}

TEST(Verify, TheHeadersAlgorithmMustBeTheKeys) {
  for (const auto& [algorithm, kid] :
       std::vector<std::pair<std::string, std::string>>{{"RS256", "e"},
                                                        {"RS256", "d"},
                                                        {"ES256", "r"},
                                                        {"ES256", "d"},
                                                        {"EdDSA", "r"},
                                                        {"EdDSA", "e"}}) {
    const std::string header = fmt::format(R"({{"alg":"{}","kid":"{}"}})", algorithm, kid);
    for (const auto* key : {&rsa_key(), &p256_key(), &ed25519_key()}) {
      EXPECT_EQ(verified_code(forge(header, good_payload(), *key)), "algorithm_not_allowed")
          << header;
    }
  }
}

TEST(Verify, AKeyOfAnotherIssuersSetIsUnknown) {
  const std::string header = R"({"alg":"RS256","kid":"foreign"})";
  const std::string token = forge(header, good_payload(), foreign_rsa_key());
  const KeySet theirs = KeySet::of({{"foreign", foreign_rsa_key().public_key()}});
  EXPECT_EQ(verified_code(token, good_policy(), kNow, theirs), "ok");  // nothing else is wrong
  EXPECT_EQ(verified_code(token), "unknown_key");
  // and under a kid of ours their signature is not ours
  EXPECT_EQ(verified_code(forge(good_header(), good_payload(), foreign_rsa_key())),
            "bad_signature");
}

TEST(Verify, RotationWithOverlap) {
  const KeySet before = KeySet::of({{"r", rsa_key().public_key()}});
  const KeySet overlap =
      KeySet::of({{"r", rsa_key().public_key()}, {"new", foreign_rsa_key().public_key()}});
  const KeySet after = KeySet::of({{"new", foreign_rsa_key().public_key()}});
  const std::string old_token = good_token();
  const std::string new_token =
      forge(R"({"alg":"RS256","kid":"new"})", good_payload(), foreign_rsa_key());
  const auto code = [](const std::string& token, const KeySet& keys) {
    return verified_code(token, good_policy(), kNow, keys);
  };
  EXPECT_EQ(code(old_token, before), "ok");
  EXPECT_EQ(code(new_token, before), "unknown_key");  // the caller fetches, then:
  EXPECT_EQ(code(new_token, overlap), "ok");
  EXPECT_EQ(code(old_token, overlap), "ok");
  EXPECT_EQ(code(old_token, after), "unknown_key");
}

TEST(Verify, AnAmbiguousKeyIsNotUsed) {
  for (const bool good_first : {true, false}) {
    const auto& first = good_first ? rsa_key() : foreign_rsa_key();
    const auto& second = good_first ? foreign_rsa_key() : rsa_key();
    const KeySet keys = KeySet::of({{"r", first.public_key()}, {"r", second.public_key()}});
    EXPECT_EQ(verified_code(good_token(), good_policy(), kNow, keys), "ambiguous_key");
  }
}

TEST(Verify, CertificateThumbprints) {
  for (const std::string_view member : {"x5t", "x5t#S256"}) {
    const std::string token =
        forge(fmt::format(R"({{"alg":"RS256","kid":"r","typ":"JWT","{}":"hash"}})", member),
              good_payload());
    EXPECT_EQ(verified_code(token), "header_not_allowed") << member;
    VerifyPolicy policy = good_policy();
    policy.allow_certificate_thumbprint = true;
    EXPECT_EQ(verified_code(token, policy), "ok") << member;
  }
}

// The first failing check is the answer: everything after it is wrong here too.
TEST(Verify, OrderOfChecks) {
  json::object claims = {
      {"iss", "https://evil.example"}, {"aud", "other"}, {"iat", kIssuedAt}, {"exp", "soon"}};
  const auto code = [&](std::string_view kid, const crypto::PrivateKey& key, std::string_view alg) {
    const std::string header = fmt::format(R"({{"alg":"{}","kid":"{}"}})", alg, kid);
    VerifyPolicy policy = good_policy();
    policy.algorithms = {Algorithm::rs256};
    return verified_code(forge(header, json::serialize(claims), key), policy);
  };
  EXPECT_EQ(code("nobody", foreign_rsa_key(), "ES256"), "issuer_mismatch");
  claims["iss"] = kIssuer;
  EXPECT_EQ(code("nobody", foreign_rsa_key(), "ES256"), "algorithm_not_allowed");
  EXPECT_EQ(code("nobody", foreign_rsa_key(), "RS256"), "unknown_key");
  EXPECT_EQ(code("e", foreign_rsa_key(), "RS256"), "algorithm_not_allowed");
  EXPECT_EQ(code("r", foreign_rsa_key(), "RS256"), "bad_signature");
  EXPECT_EQ(code("r", rsa_key(), "RS256"), "claim_type");
  claims["exp"] = kIssuedAt + 7200;
  claims["nbf"] = kIssuedAt + 7000;
  EXPECT_EQ(code("r", rsa_key(), "RS256"), "lifetime_too_long");
  claims["exp"] = kIssuedAt + 10;
  EXPECT_EQ(code("r", rsa_key(), "RS256"), "expired");
  claims["exp"] = kIssuedAt + 3600;
  EXPECT_EQ(code("r", rsa_key(), "RS256"), "not_yet_valid");
  claims.erase("nbf");
  EXPECT_EQ(code("r", rsa_key(), "RS256"), "audience_mismatch");
  claims["aud"] = kAudience;
  EXPECT_EQ(code("r", rsa_key(), "RS256"), "ok");
}

// What came is in a token that is genuine, and its bearer's own; in short, for a header's sake.
TEST(Verify, AMismatchSaysInShortWhatWasExpectedAndWhatCame) {
  const auto token =
      parse_token(forge(good_header(), payload_with("aud", '"' + std::string(2000, 'a') + '"')));
  const auto claims = verify(*token, good_keys(), good_policy(), kNow);
  ASSERT_FALSE(claims);
  EXPECT_TRUE(
      claims.error().message.contains("npm:registry.example and npm:registry.example:4873"));
  EXPECT_TRUE(claims.error().message.contains("aaaa"));
  EXPECT_LT(claims.error().message.size(), 400u);
  EXPECT_TRUE(claims.error().detail.contains("aaaa"));
  EXPECT_LT(claims.error().detail.size(), 300u);
  EXPECT_EQ(claims.error().kind(), FailureKind::unauthenticated);
}

TEST(Verify, DetailsAreCutBetweenCharacters) {
  std::string euros;
  for (int i = 0; i < 500; ++i) euros += "\xe2\x82\xac";
  for (const std::string_view before : {"", "a", "aa"}) {
    const auto token = parse_token(
        forge(good_header(), payload_with("aud", "\"" + std::string(before) + euros + "\"")));
    const auto claims = verify(*token, good_keys(), good_policy(), kNow);
    ASSERT_FALSE(claims);
    EXPECT_TRUE(is_utf8(claims.error().detail));
  }
}

}  // namespace
}  // namespace imp::jose
