#include "jose/jwk.h"

#include <gtest/gtest.h>

#include <string>

#include "forge.h"

namespace imp::jose {
namespace {

using namespace test;

// RFC 7638 §3.1.
TEST(Jwk, ThumbprintOfTheRfc) {
  const auto key = crypto::PublicKey::rsa(
      *from_base64url(
          "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
          "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
          "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI"
          "4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"),
      *from_base64url("AQAB"));
  ASSERT_TRUE(key);
  EXPECT_EQ(thumbprint(*key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

// RFC 8037 §A.3.
TEST(Jwk, Ed25519ThumbprintOfTheRfc) {
  const auto key =
      crypto::PublicKey::ed25519(*from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
  ASSERT_TRUE(key);
  EXPECT_EQ(thumbprint(*key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST(Jwk, PublishedMembers) {
  EXPECT_EQ(json::serialize(to_jwk(*crypto::PublicKey::ed25519(*from_base64url(
                                       "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
                                   "k")),
            R"({"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",)"
            R"("kid":"k","alg":"EdDSA","use":"sig"})");
  const json::object p256 = to_jwk(p256_key().public_key(), "k");
  EXPECT_EQ(p256.at("x").as_string().size(), 43u);  // 32 bytes even with leading zeros
  EXPECT_EQ(p256.at("y").as_string().size(), 43u);
  EXPECT_EQ(p256.at("alg"), "ES256");
  const json::object rsa = to_jwk(rsa_key().public_key(), "k");
  EXPECT_EQ(rsa.at("e"), "AQAB");
  EXPECT_EQ(rsa.at("alg"), "RS256");
}

TEST(Jwk, EachKeyHasItsOwnThumbprint) {
  EXPECT_EQ(thumbprint(rsa_key().public_key()), thumbprint(rsa_key().public_key()));
  EXPECT_NE(thumbprint(rsa_key().public_key()), thumbprint(foreign_rsa_key().public_key()));
}

}  // namespace
}  // namespace imp::jose
