#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crypto/hash.h"
#include "forge.h"
#include "jose/token.h"

namespace imp::jose {
namespace {

using namespace test;

struct HeaderRow {
  std::string_view name;
  std::string header;
  std::string_view code;
};

void expect_header_codes(const std::vector<HeaderRow>& rows) {
  for (const HeaderRow& row : rows) {
    EXPECT_EQ(parsed_code(unsigned_token(row.header, good_payload())), row.code) << row.name;
  }
}

TEST(TokenHeader, AlgorithmOfTheHeader) {
  expect_header_codes({
      {"RS256", R"({"alg":"RS256","kid":"r"})", "ok"},
      {"ES256", R"({"alg":"ES256","kid":"r"})", "ok"},
      {"EdDSA", R"({"alg":"EdDSA","kid":"r"})", "ok"},
      {"escaped RS256 is RS256", R"({"alg":"\u0052S256","kid":"r"})", "ok"},
      {"none", R"({"alg":"none","kid":"r"})", "algorithm_not_allowed"},
      {"None", R"({"alg":"None","kid":"r"})", "algorithm_not_allowed"},
      {"nOnE", R"({"alg":"nOnE","kid":"r"})", "algorithm_not_allowed"},
      {"NONE", R"({"alg":"NONE","kid":"r"})", "algorithm_not_allowed"},
      {"none with a space", R"({"alg":"none ","kid":"r"})", "algorithm_not_allowed"},
      {"empty", R"({"alg":"","kid":"r"})", "algorithm_not_allowed"},
      {"absent", R"({"kid":"r"})", "algorithm_not_allowed"},
      {"null", R"({"alg":null,"kid":"r"})", "algorithm_not_allowed"},
      {"number", R"({"alg":256,"kid":"r"})", "algorithm_not_allowed"},
      {"true", R"({"alg":true,"kid":"r"})", "algorithm_not_allowed"},
      {"array", R"({"alg":["RS256"],"kid":"r"})", "algorithm_not_allowed"},
      {"object", R"({"alg":{"RS256":1},"kid":"r"})", "algorithm_not_allowed"},
      {"lower case", R"({"alg":"rs256","kid":"r"})", "algorithm_not_allowed"},
      {"leading space", R"({"alg":" RS256","kid":"r"})", "algorithm_not_allowed"},
      {"member in another case", R"({"Alg":"RS256","kid":"r"})", "algorithm_not_allowed"},
      {"HS256", R"({"alg":"HS256","kid":"r"})", "algorithm_not_allowed"},
      {"HS384", R"({"alg":"HS384","kid":"r"})", "algorithm_not_allowed"},
      {"RS384", R"({"alg":"RS384","kid":"r"})", "algorithm_not_allowed"},
      {"RS1", R"({"alg":"RS1","kid":"r"})", "algorithm_not_allowed"},
      {"PS256", R"({"alg":"PS256","kid":"r"})", "algorithm_not_allowed"},
      {"ES384", R"({"alg":"ES384","kid":"r"})", "algorithm_not_allowed"},
      {"ES256K", R"({"alg":"ES256K","kid":"r"})", "algorithm_not_allowed"},
      {"Ed25519", R"({"alg":"Ed25519","kid":"r"})", "algorithm_not_allowed"},
      {"Ed448", R"({"alg":"Ed448","kid":"r"})", "algorithm_not_allowed"},
      {"EDDSA", R"({"alg":"EDDSA","kid":"r"})", "algorithm_not_allowed"},
      {"encryption", R"({"alg":"RSA-OAEP","enc":"A256GCM","kid":"r"})", "algorithm_not_allowed"},
      {"password encryption", R"({"alg":"PBES2-HS256+A128KW","p2c":2147483647,"kid":"r"})",
       "algorithm_not_allowed"},  // billions of rounds
      {"cut by NUL", R"({"alg":"RS256\u0000x","kid":"r"})", "malformed"},
  });
}

TEST(TokenHeader, AlgNoneWithoutSignature) {
  for (const std::string_view alg : {"none", "None", "nOnE"}) {
    const std::string header = fmt::format(R"({{"alg":"{}","kid":"r"}})", alg);
    EXPECT_EQ(parsed_code(encoded(header) + "." + encoded(good_payload()) + "."),
              "algorithm_not_allowed");
    EXPECT_EQ(parsed_code(encoded(header) + "." + encoded(good_payload())), "malformed");
  }
}

// The classic confusion: a verifier that takes any key for any algorithm uses the public key, which
// everybody has, as the secret of an HMAC.
TEST(TokenHeader, HmacWithThePublicKeyAsSecret) {
  const auto parts = rsa_key().public_key().components();
  const Bytes der = rsa_key().public_key().spki_der();
  const std::string pem =
      "-----BEGIN PUBLIC KEY-----\n" + base64(der) + "\n-----END PUBLIC KEY-----\n";
  for (const ByteView secret : {bytes_of(pem), ByteView(der), ByteView(parts.n)}) {
    for (const std::string_view alg : {"HS256", "RS256"}) {
      const std::string input =
          encoded(fmt::format(R"({{"alg":"{}","kid":"r"}})", alg)) + "." + encoded(good_payload());
      const std::string token =
          input + "." + base64url(crypto::hmac_sha256(secret, bytes_of(input)));
      EXPECT_EQ(verified_code(token), alg == "HS256" ? "algorithm_not_allowed" : "bad_signature");
    }
  }
}

TEST(TokenHeader, KeyIdOfTheHeader) {
  const auto with_kid = [](const std::string& kid) {
    return R"({"alg":"RS256","kid":)" + kid + "}";
  };
  expect_header_codes({
      {"one byte", with_kid(R"("r")"), "ok"},
      {"256 bytes", with_kid('"' + std::string(256, 'k') + '"'), "ok"},
      // Odd ids are plain names here: looked up in a map and never in a path or a query.
      {"path", with_kid(R"("../../etc/passwd")"), "ok"},
      {"SQL", with_kid(R"("' OR 1=1 --")"), "ok"},
      {"URL", with_kid(R"("https://evil.example/jwks.json")"), "ok"},
      {"absent", R"({"alg":"RS256"})", "header_not_allowed"},
      {"empty", with_kid(R"("")"), "header_not_allowed"},
      {"null", with_kid("null"), "header_not_allowed"},
      {"number", with_kid("1"), "header_not_allowed"},
      {"array", with_kid(R"(["r"])"), "header_not_allowed"},
      {"object", with_kid(R"({"r":1})"), "header_not_allowed"},
      {"257 bytes", with_kid('"' + std::string(257, 'k') + '"'), "header_not_allowed"},
      {"10 kB", with_kid('"' + std::string(10'000, 'k') + '"'), "header_not_allowed"},
      {"NUL", with_kid(R"("r\u0000")"), "malformed"},
      {"twice", R"({"alg":"RS256","kid":"r","kid":"e"})", "malformed"},
  });
}

TEST(TokenHeader, OddKeyIdsAreOnlyUnknown) {
  for (const std::string_view kid : {"../../etc/passwd", "' OR 1=1 --", "R", "r ", "r\\u200b"}) {
    const std::string header = fmt::format(R"({{"alg":"RS256","kid":"{}"}})", kid);
    EXPECT_EQ(verified_code(forge(header, good_payload())), "unknown_key") << kid;
  }
}

TEST(TokenHeader, HeaderMembersThatBringAKeyOrChangeTheMeaning) {
  const auto with = [](std::string_view member) {
    return fmt::format(R"({{"alg":"RS256","kid":"r",{}}})", member);
  };
  expect_header_codes({
      {"jwk", with(R"("jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"})"), "header_not_allowed"},
      {"jwk null", with(R"("jwk":null)"), "header_not_allowed"},
      {"jku", with(R"("jku":"https://evil.example/jwks")"), "header_not_allowed"},
      {"x5u", with(R"("x5u":"https://evil.example/cert")"), "header_not_allowed"},
      {"x5c", with(R"("x5c":["MIIB"])"), "header_not_allowed"},
      {"escaped jwk", with(R"("\u006awk":{})"), "header_not_allowed"},
      {"crit unknown", with(R"("crit":["exp"],"exp":1)"), "header_not_allowed"},
      {"crit empty", with(R"("crit":[])"), "header_not_allowed"},
      {"crit of registered names", with(R"("crit":["alg","kid"])"), "header_not_allowed"},
      {"crit no array", with(R"("crit":"exp")"), "header_not_allowed"},
      {"b64 false", with(R"("b64":false,"crit":["b64"])"), "header_not_allowed"},
      {"b64 false without crit", with(R"("b64":false)"), "header_not_allowed"},
      {"b64 true", with(R"("b64":true)"), "header_not_allowed"},
      {"zip", with(R"("zip":"DEF")"), "header_not_allowed"},
      {"cty of a nested token", with(R"("cty":"JWT")"), "header_not_allowed"},
      {"unknown members are ignored", with(R"("iss":"x","JWK":{},"ver":1)"), "ok"},
  });
}

TEST(TokenHeader, TypeOfTheHeader) {
  const auto with = [](std::string_view typ) {
    return fmt::format(R"({{"alg":"RS256","kid":"r","typ":{}}})", typ);
  };
  expect_header_codes({
      {"JWT", with(R"("JWT")"), "ok"},
      {"jwt", with(R"("jwt")"), "ok"},
      {"Jwt", with(R"("Jwt")"), "ok"},
      {"absent", R"({"alg":"RS256","kid":"r"})", "ok"},
      {"an access token", with(R"("at+jwt")"), "header_not_allowed"},
      {"a logout token", with(R"("logout+jwt")"), "header_not_allowed"},
      {"a proof of possession", with(R"("dpop+jwt")"), "header_not_allowed"},
      {"a media type", with(R"("application/jwt")"), "header_not_allowed"},
      {"JOSE", with(R"("JOSE")"), "header_not_allowed"},
      {"empty", with(R"("")"), "header_not_allowed"},
      {"null", with("null"), "header_not_allowed"},
      {"array", with(R"(["JWT"])"), "header_not_allowed"},
      {"longer", with(R"("JWTX")"), "header_not_allowed"},
      {"dotless i", with(R"("JWT\u0131")"), "header_not_allowed"},
  });
}

TEST(TokenHeader, ThumbprintsAreNoted) {
  for (const std::string_view member : {"x5t", "x5t#S256"}) {
    const auto token = parse_token(unsigned_token(
        fmt::format(R"({{"alg":"RS256","kid":"r","{}":"hash"}})", member), good_payload()));
    ASSERT_TRUE(token);
    EXPECT_TRUE(token->has_certificate_thumbprint) << member;
  }
}

}  // namespace
}  // namespace imp::jose
