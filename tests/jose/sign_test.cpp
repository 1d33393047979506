#include "jose/sign.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <utility>
#include <vector>

#include "crypto/hash.h"
#include "forge.h"
#include "jose/jwk.h"

namespace imp::jose {
namespace {

using namespace test;

TEST(Sign, WhatWeSignWeAccept) {
  for (const auto& [kid, key] : std::vector<std::pair<std::string, const crypto::PrivateKey*>>{
           {"r", &rsa_key()}, {"e", &p256_key()}, {"d", &ed25519_key()}}) {
    const std::string compact = sign(good_claims(), *key, kid);
    EXPECT_EQ(verified_code(compact), "ok") << kid;
    const auto token = parse_token(compact);
    EXPECT_EQ(token->key_id, kid);
    EXPECT_EQ(token->algorithm, algorithm_of(key->kind()));
    EXPECT_EQ(token->unverified_payload, good_claims());
  }
}

TEST(Sign, TheHeaderHasThreeMembers) {
  const std::string compact = sign({}, rsa_key(), "my \"key\"");
  const auto header = from_base64url(compact.substr(0, compact.find('.')));
  EXPECT_EQ(text_of(*header), R"({"alg":"RS256","kid":"my \"key\"","typ":"JWT"})");
}

TEST(Sign, ClaimsOfAnyTextSurvive) {
  json::object claims = good_claims();
  claims["oidc.circleci.com/vcs-ref"] = "refs/heads/fe\u00e4ture/\"x\"\\\n\U0001F600";
  claims["oidc.circleci.com/context-ids"] = json::array{"a", "b"};
  const auto token = parse_token(sign(claims, ed25519_key(), "d"));
  ASSERT_TRUE(token);
  EXPECT_EQ(token->unverified_payload, claims);
}

// RFC 8037 §A.4: Ed25519 is deterministic, so the whole token can be compared.
TEST(Sign, Ed25519OfTheRfc) {
  const Bytes seed = *from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  Bytes pkcs8 = *from_hex("302e020100300506032b657004220420");
  pkcs8.insert(pkcs8.end(), seed.begin(), seed.end());
  const auto key = crypto::PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\n" + base64(pkcs8) +
                                                "\n-----END PRIVATE KEY-----\n");
  ASSERT_TRUE(key);
  const std::string input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  EXPECT_EQ(
      base64url(key->sign(bytes_of(input))),
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}

// RFC 7515 §A.3.
TEST(Sign, Es256OfTheRfcVerifies) {
  const auto key =
      crypto::PublicKey::p256(*from_base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
                              *from_base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"));
  ASSERT_TRUE(key);
  const std::string input =
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ";
  const auto signature = from_base64url(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  EXPECT_TRUE(key->verify(bytes_of(input), *signature));
}

}  // namespace
}  // namespace imp::jose
