#include "crypto/hash.h"
#include "crypto/openssl_by_hand.h"
#include "jose/jwk.h"
#include "registry/api/trust/identity_fixture.h"

// Signatures of every algorithm as forgers make them, over the exchange's own route. What happens
// besides the answer is checked where HostileToken's test is.

namespace imp::registry::test {
namespace {

using jose::test::ed25519_key;
using jose::test::encoded;
using jose::test::p256_key;
using jose::test::rsa_key;

using T = HostileToken;

std::string name_of(const testing::TestParamInfo<Hostile>& info) { return info.param.name; }

std::string header_of(std::string_view alg, std::string_view kid) {
  return fmt::format(R"({{"alg":"{}","kid":"{}"}})", alg, kid);
}

/// A token of the issuer of three algorithms, with this header and the signature that is made of
/// what it signs.
Hostile curve(const char* name, std::string alg, std::string kid,
              std::function<Bytes(const std::string& input)> signature,
              const char* outcome = "401 bad_signature") {
  return {name,
          [=](T& t) {
            t.trust_curves();
            const std::string input =
                encoded(header_of(alg, kid)) + "." + encoded(json::serialize(t.of_curves()));
            return input + "." + base64url(signature(input));
          },
          outcome};
}
Hostile es256(const char* name, std::function<Bytes(Bytes)> change) {
  return curve(name, "ES256", "e",
               [=](const std::string& input) { return change(p256_key().sign(bytes_of(input))); });
}
Hostile eddsa(const char* name, std::function<Bytes(Bytes)> change) {
  return curve(name, "EdDSA", "d", [=](const std::string& input) {
    return change(ed25519_key().sign(bytes_of(input)));
  });
}
/// The half of an ECDSA signature that begins there, set to a number.
Bytes half(Bytes signature, std::size_t at, ByteView number) {
  std::ranges::copy(number, signature.begin() + static_cast<std::ptrdiff_t>(at));
  return signature;
}
const Bytes kZero(32, 0);
const Bytes kOrder = *from_hex(crypto::test::kP256Order);

INSTANTIATE_TEST_SUITE_P(
    Es256, HostileToken,
    testing::Values(
        es256("FirstBitFlipped", [](Bytes s) { return s[0] ^= 0x80, s; }),
        es256("LastBitFlipped", [](Bytes s) { return s.back() ^= 1, s; }),
        // CVE-2022-21449, "psychic": zeros solve the equation when nobody looks at their range
        es256("OfZeros", [](const Bytes&) { return Bytes(64, 0); }),
        es256("RIsZero", [](Bytes s) { return half(s, 0, kZero); }),
        es256("SIsZero", [](Bytes s) { return half(s, 32, kZero); }),
        es256("RIsTheOrder", [](Bytes s) { return half(s, 0, kOrder); }),
        es256("SIsTheOrder", [](Bytes s) { return half(s, 32, kOrder); }),
        es256("Of63Bytes", [](Bytes s) { return s.pop_back(), s; }),
        es256("Of65Bytes", [](Bytes s) { return s.push_back(0), s; }),
        es256("Of65BytesWithAZeroBefore", [](Bytes s) { return s.insert(s.begin(), 0), s; }),
        curve("AsDer", "ES256", "e",
              [](const std::string& input) { return p256_key().sign_der(bytes_of(input)); }),
        curve("DerOfZeros", "ES256", "e",
              [](const std::string&) { return *from_hex("3006020100020100"); }),
        curve("OfTheOtherCurve", "ES256", "e",
              [](const std::string& input) { return ed25519_key().sign(bytes_of(input)); })),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    EdDsa, HostileToken,
    testing::Values(eddsa("FirstBitFlipped", [](Bytes s) { return s[0] ^= 1, s; }),
                    eddsa("LastBitFlipped", [](Bytes s) { return s.back() ^= 0x80, s; }),
                    eddsa("OfZeros", [](const Bytes&) { return Bytes(64, 0); }),
                    // R the neutral point and S zero: valid under a key of small order
                    eddsa("OfTheNeutralPoint",
                          [](const Bytes&) { return half(Bytes(64, 0), 0, Bytes{1}); }),
                    eddsa("Of63Bytes", [](Bytes s) { return s.pop_back(), s; }),
                    eddsa("Of65Bytes", [](Bytes s) { return s.push_back(0), s; }),
                    eddsa("Of114BytesAsOfEd448", [](Bytes s) { return s.resize(114), s; })),
    name_of);

Hostile spelt(const char* name, std::string alg, std::string kid, const crypto::PrivateKey& key,
              const char* outcome = "401 algorithm_not_allowed") {
  return curve(
      name, std::move(alg), std::move(kid),
      [&key](const std::string& input) { return key.sign(bytes_of(input)); }, outcome);
}

/// The issuer publishes a P-384 key under the name, which signs properly, as ES256 wants it or as
/// ES384 does.
Hostile p384(const char* name, std::string alg, const char* outcome) {
  return {name,
          [=](T& t) {
            t.trust_curves();
            static const crypto::test::P384Key key;
            t.publish_keys({json::object{{"kty", "EC"},
                                         {"crv", "P-384"},
                                         {"kid", "e"},
                                         {"x", base64url(key.x)},
                                         {"y", base64url(key.y)}},
                            jose::to_jwk(rsa_key().public_key(), "r")});
            const std::string input =
                encoded(header_of(alg, "e")) + "." + encoded(json::serialize(t.of_curves()));
            return input + "." + base64url(key.sign(input));
          },
          outcome};
}

INSTANTIATE_TEST_SUITE_P(AlgorithmOfCurves, HostileToken,
                         testing::Values(p384("Es256WithAP384Key", "ES256", "401 unknown_key"),
                                         p384("Es384", "ES384", "401 algorithm_not_allowed"),
                                         spelt("Ed25519", "Ed25519", "d", ed25519_key()),
                                         spelt("Ed448", "Ed448", "d", ed25519_key()),
                                         spelt("EddsaInCapitals", "EDDSA", "d", ed25519_key()),
                                         spelt("Es256InSmallLetters", "es256", "e", p256_key()),
                                         spelt("Es256K", "ES256K", "e", p256_key()),
                                         spelt("EdDsaForAnEcKey", "EdDSA", "e", ed25519_key()),
                                         spelt("Es256ForAnEdwardsKey", "ES256", "d", p256_key()),
                                         spelt("Rs256ForAnEcKey", "RS256", "e", rsa_key()),
                                         spelt("Es256ForAnRsaKey", "ES256", "r", p256_key())),
                         name_of);

/// A number that only the key's holder can make, over a block that is not the one of RFC 8017.
Hostile padded(const char* name, std::function<Bytes(const std::string& digest)> block) {
  return {name,
          [=](T& t) {
            const std::string token = t.good();
            const std::string input = token.substr(0, token.rfind('.'));
            const std::string digest = hex(crypto::sha256(bytes_of(input)));
            return input + "." + base64url(crypto::test::rsa_of_block(rsa_key(), block(digest)));
          },
          "401 bad_signature"};
}
using crypto::test::pkcs1_block;
const std::string kSha256 = "3031300d060960864801650304020105000420";

INSTANTIATE_TEST_SUITE_P(
    Padding, HostileToken,
    testing::Values(
        // Bleichenbacher 2006
        padded("GarbageAfterTheDigest",
               [](const auto& digest) { return pkcs1_block(kSha256 + digest, 8, 1, 0xff, 194); }),
        padded("BlockTypeTwo",
               [](const auto& digest) { return pkcs1_block(kSha256 + digest, 202, 2); }),
        padded("BlockTypeZero",
               [](const auto& digest) { return pkcs1_block(kSha256 + digest, 202, 0, 0x00); }),
        padded("PaddingOfOtherBytes",
               [](const auto& digest) { return pkcs1_block(kSha256 + digest, 202, 1, 0xfe); }),
        padded("NoParameters",
               [](const auto& digest) {
                 return pkcs1_block("302f300b06096086480165030402010420" + digest, 204);
               }),
        padded("NoDigestInfo", [](const auto& digest) { return pkcs1_block(digest, 221); }),
        padded("NamedSha512",
               [](const auto& digest) {
                 return pkcs1_block("3031300d060960864801650304020305000420" + digest, 202);
               }),
        padded("LengthInLongForm",
               [](const auto& digest) {
                 return pkcs1_block("308131300d060960864801650304020105000420" + digest, 201);
               })),
    name_of);

class ExchangedByCurves : public IdentityTest {
 protected:
  ExchangedByCurves() { trust_curves(); }
  std::string signed_by(const crypto::PrivateKey& key, std::string_view alg, std::string_view kid,
                        const json::object& claims) {
    return jose::test::forge(header_of(alg, kid), json::serialize(claims), key);
  }
};

// The counterpart of the tables above: with nothing wrong, each of the three is exchanged.
TEST_F(ExchangedByCurves, IsATokenOfEveryAlgorithmOfItsIssuer) {
  EXPECT_EQ(exchanged(signed_by(p256_key(), "ES256", "e", of_curves())), "201 ok");
  EXPECT_EQ(exchanged(signed_by(ed25519_key(), "EdDSA", "d", of_curves())), "201 ok");
  EXPECT_EQ(exchanged(signed_by(rsa_key(), "RS256", "r", of_curves())), "201 ok");
}

// Both signatures of an ECDSA pair are valid; a token without a number is remembered by what is
// signed, or its twin would be exchanged, too.
TEST_F(ExchangedByCurves, IsATokenWithoutNumberOnceAndItsTwinNever) {
  json::object claims = of_curves();
  claims.erase("jti");
  const std::string token = signed_by(p256_key(), "ES256", "e", claims);
  const std::size_t at = token.rfind('.') + 1;
  const std::string twin =
      token.substr(0, at) +
      base64url(crypto::test::ecdsa_twin(from_base64url(token.substr(at)).value()));
  ASSERT_NE(twin, token);
  EXPECT_EQ(exchanged(token), "201 ok");
  EXPECT_EQ(exchanged(twin), "401 replayed");
  EXPECT_EQ(exchanged(token), "401 replayed");
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 1);
}

}  // namespace
}  // namespace imp::registry::test
