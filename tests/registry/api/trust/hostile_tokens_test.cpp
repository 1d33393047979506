#include "crypto/hash.h"
#include "crypto/openssl_by_hand.h"
#include "jose/jwk.h"
#include "registry/api/trust/identity_fixture.h"

// What attackers have sent to verifiers of tokens, each over the exchange's own route: headers,
// keys, encodings, JSON and signatures.

namespace imp::registry::test {
namespace {

using jose::test::encoded;
using jose::test::foreign_rsa_key;
using jose::test::rsa_key;

using T = HostileToken;

/// Whatever is wrong with a token: the reason is told, counted and recorded, no publish token comes
/// into being, and a good token is exchanged as before.
TEST_P(HostileToken, IsRefusedAndLeavesNothingBehind) {
  const Answer answer = exchange(GetParam().token(*this), "@alice/lib");
  EXPECT_EQ(answer.outcome(), GetParam().outcome) << answer.body;
  EXPECT_EQ(answer.text("error"), answer.text("message"));
  EXPECT_FALSE(answer.text("message").empty());
  EXPECT_EQ(count("SELECT COUNT(*) FROM publish_token"), 0);
  EXPECT_EQ(count("SELECT COUNT(*) FROM used_identity_token"), 0);
  const std::string code = answer.text("code");
  EXPECT_EQ(audited("trust.exchange"), std::vector<std::string>{"trust.exchange " + code});
  ASSERT_EQ(attempts("@alice/lib").size(), 1u);
  EXPECT_EQ(attempts("@alice/lib").front().outcome, code);
  EXPECT_TRUE(counted("trust_exchanges_total{outcome=\"" + code + "\"} 1"));
  remote_.publish_keys(trust::test::jwks_of({{"r", rsa_key().public_key()}}));
  clock_.advance(std::chrono::minutes(61));  // keys are kept for an hour
  EXPECT_EQ(exchanged(good()), "201 ok");
}

Hostile header(const char* name, const char* members, const char* outcome) {
  return {name, [=](T& t) { return t.headed(members); }, outcome};
}
Hostile payload(const char* name, std::function<std::string(std::string)> change,
                const char* outcome) {
  return {name, [=](T& t) { return T::paid(change(json::serialize(t.fresh()))); }, outcome};
}
Hostile text(const char* name, std::function<std::string(std::string)> change,
             const char* outcome = "400 malformed") {
  return {name, [=](T& t) { return change(t.good()); }, outcome};
}
/// The issuer publishes the job's key with one member changed, and another key beside it.
Hostile published(const char* name, const char* member, json::value value, const char* outcome) {
  return {name,
          [=](T& t) {
            json::object changed = jose::to_jwk(rsa_key().public_key(), "r");
            changed[member] = value;
            t.publish_keys({changed, jose::to_jwk(foreign_rsa_key().public_key(), "other")});
            return t.good();
          },
          outcome};
}
std::string with_member(std::string json, const std::string& members) {
  return "{" + members + "," + json.substr(1);
}
std::string name_of(const testing::TestParamInfo<Hostile>& info) { return info.param.name; }

/// Everybody has the public key; a verifier that takes it for an HMAC's secret believes everybody.
Hostile hmac(const char* name, std::function<Bytes(const crypto::PublicKey&)> secret) {
  return {name,
          [=](T& t) {
            const std::string input =
                encoded(R"({"alg":"HS256","kid":"r"})") + "." + encoded(json::serialize(t.fresh()));
            return input + "." +
                   base64url(crypto::hmac_sha256(secret(rsa_key().public_key()), bytes_of(input)));
          },
          "401 algorithm_not_allowed"};
}
Bytes pem_text(const crypto::PublicKey& key) {
  const std::string pem =
      "-----BEGIN PUBLIC KEY-----\n" + base64(key.spki_der()) + "\n-----END PUBLIC KEY-----\n";
  return Bytes(pem.begin(), pem.end());
}

INSTANTIATE_TEST_SUITE_P(
    Algorithm, HostileToken,
    testing::Values(
        header("None", R"("alg":"none","kid":"r")", "401 algorithm_not_allowed"),
        header("NoneInTitleCase", R"("alg":"None","kid":"r")", "401 algorithm_not_allowed"),
        header("NoneInMixedCase", R"("alg":"nOnE","kid":"r")", "401 algorithm_not_allowed"),
        header("Empty", R"("alg":"","kid":"r")", "401 algorithm_not_allowed"),
        header("Absent", R"("kid":"r")", "401 algorithm_not_allowed"),
        header("Number", R"("alg":256,"kid":"r")", "401 algorithm_not_allowed"),
        header("Ps256", R"("alg":"PS256","kid":"r")", "401 algorithm_not_allowed"),
        header("Rs512", R"("alg":"RS512","kid":"r")", "401 algorithm_not_allowed"),
        hmac("HmacWithThePublicKeyAsPem", pem_text),
        hmac("HmacWithThePublicKeyAsDer",
             [](const crypto::PublicKey& key) { return key.spki_der(); }),
        hmac("HmacWithTheModulus", [](const crypto::PublicKey& key) { return key.components().n; }),
        Hostile{"Es256FromAnIssuerOfRs256",
                [](T& t) { return t.headed(R"("alg":"ES256","kid":"r")", jose::test::p256_key()); },
                "401 algorithm_not_allowed"},
        Hostile{
            "EdDsaFromAnIssuerOfRs256",
            [](T& t) { return t.headed(R"("alg":"EdDSA","kid":"r")", jose::test::ed25519_key()); },
            "401 algorithm_not_allowed"},
        Hostile{"Rs256ForAnEcKey",
                [](T& t) {
                  t.publish_keys({jose::to_jwk(jose::test::p256_key().public_key(), "r")});
                  return t.good();
                },
                "401 algorithm_not_allowed"},
        published("KeySaysAnotherAlgorithm", "alg", "RS512", "401 unknown_key"),
        published("KeyIsForEncryption", "use", "enc", "401 unknown_key"),
        published("KeyDoesNotVerify", "key_ops", json::array{"sign"}, "401 unknown_key"),
        published("KeyWithExponentOne", "e", "AQ", "401 unknown_key"),
        published("KeyOf1024Bits", "n", json::value(base64url(Bytes(128, 0xc1))),
                  "401 unknown_key"),
        published("KeyWithItsPrivatePart", "d", "AQAB", "503 issuer_unavailable")),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Header, HostileToken,
    testing::Values(
        header("Jwk", R"("alg":"RS256","kid":"r","jwk":{"kty":"RSA"})", "400 header_not_allowed"),
        header("Jku", R"("alg":"RS256","kid":"r","jku":"https://x")", "400 header_not_allowed"),
        header("X5u", R"("alg":"RS256","kid":"r","x5u":"https://x")", "400 header_not_allowed"),
        header("X5c", R"("alg":"RS256","kid":"r","x5c":["MIIB"])", "400 header_not_allowed"),
        header("X5t", R"("alg":"RS256","kid":"r","x5t":"hash")", "400 header_not_allowed"),
        header("NoKid", R"("alg":"RS256")", "400 header_not_allowed"),
        header("EmptyKid", R"("alg":"RS256","kid":"")", "400 header_not_allowed"),
        header("KidInAList", R"("alg":"RS256","kid":["r"])", "400 header_not_allowed"),
        header("KidIsANumber", R"("alg":"RS256","kid":1)", "400 header_not_allowed"),
        Hostile{"KidOf10Kilobytes",
                [](T& t) {
                  return t.headed(R"("alg":"RS256","kid":")" + std::string(10'000, 'k') + "\"");
                },
                "400 header_not_allowed"},
        header("KidClimbs", R"("alg":"RS256","kid":"../../keys/r")", "401 unknown_key"),
        header("KidIsSql", R"("alg":"RS256","kid":"' OR 1=1 --")", "401 unknown_key"),
        header("KidWithNul", R"("alg":"RS256","kid":"r\u0000")", "400 malformed"),
        Hostile{"KidOfTwoKeys",
                [](T& t) {
                  t.publish_keys({jose::to_jwk(rsa_key().public_key(), "r"),
                                  jose::to_jwk(foreign_rsa_key().public_key(), "r"),
                                  jose::to_jwk(foreign_rsa_key().public_key(), "s")});
                  return t.good();
                },
                "401 ambiguous_key"},
        header("CritUnknown", R"("alg":"RS256","kid":"r","crit":["x"])", "400 header_not_allowed"),
        header("CritEmpty", R"("alg":"RS256","kid":"r","crit":[])", "400 header_not_allowed"),
        header("CritRegistered", R"("alg":"RS256","kid":"r","crit":["alg"])",
               "400 header_not_allowed"),
        header("CritAsText", R"("alg":"RS256","kid":"r","crit":"x")", "400 header_not_allowed"),
        header("Unencoded", R"("alg":"RS256","kid":"r","b64":false)", "400 header_not_allowed"),
        header("Compressed", R"("alg":"RS256","kid":"r","zip":"DEF")", "400 header_not_allowed"),
        header("AccessToken", R"("alg":"RS256","kid":"r","typ":"at+jwt")",
               "400 header_not_allowed"),
        header("Nested", R"("alg":"RS256","kid":"r","cty":"JWT")", "400 header_not_allowed"),
        header("AlgorithmTwice", R"("alg":"none","alg":"RS256","kid":"r")", "400 malformed")),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Encoding, HostileToken,
    testing::Values(
        text("Padded", [](std::string t) { return t + "=="; }),
        text("StandardAlphabet", [](std::string t) { return t.replace(t.size() - 4, 1, "+"); }),
        text("TwoSegments", [](std::string t) { return t.substr(0, t.rfind('.')); }),
        text("FourSegments", [](std::string t) { return t + ".AAAA"; }),
        text("FiveSegments", [](std::string t) { return t + ".AAAA.AAAA"; }),
        text("EmptySignature", [](std::string t) { return t.substr(0, t.rfind('.') + 1); }),
        // The last of 342 characters carries two bits: sixteen spellings of one signature.
        text("TrailingBits", [](std::string t) { return ++t.back(), t; }),
        text("WhiteSpaceInside", [](std::string t) { return t.insert(t.size() / 2, " "); }),
        text("NewLineInside", [](std::string t) { return t.insert(t.size() / 2, "\n"); }),
        text("WhiteSpaceAtASeam", [](std::string t) { return t.insert(t.find('.'), " "); }),
        text("TrailingGarbage", [](std::string t) { return t + "!"; }),
        text("JsonSerialization",
             [](std::string t) { return R"({"payload":")" + t + R"(","signatures":[]})"; }),
        text("Polyglot", [](std::string t) { return R"({"a":")" + t + R"("})"; }),
        text(
            "OfAMegabyte", [](std::string t) { return t + std::string(1 << 20, 'A'); },
            "413 too_large"),
        text(
            "OfSeventeenKilobytes", [](std::string t) { return t + std::string(17'000, 'A'); },
            "413 too_large"),
        payload(
            "ByteOrderMark", [](std::string p) { return "\xef\xbb\xbf" + p; }, "400 malformed"),
        payload(
            "DeepNesting",
            [](std::string p) {
              return with_member(p, "\"x\":" + std::string(99, '[') + std::string(99, ']'));
            },
            "400 malformed"),
        payload(
            "ThousandsOfValues",
            [](std::string p) {
              std::string zeros = "0";
              for (int i = 0; i < 2000; ++i) zeros += ",0";
              return with_member(p, "\"x\":[" + zeros + "]");
            },
            "400 malformed")),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Json, HostileToken,
    testing::Values(
        payload(
            "AudienceTwice",
            [](std::string p) { return with_member(p, R"("aud":"npm:registry.example")"); },
            "400 malformed"),
        payload(
            "AudienceTwiceOnceEscaped",
            [](std::string p) { return with_member(p, R"("\u0061ud":"x")"); }, "400 malformed"),
        payload(
            "SubjectTwice", [](std::string p) { return with_member(p, R"("sub":"x")"); },
            "400 malformed"),
        payload(
            "Nul", [](std::string p) { return with_member(p, R"("x":"a\u0000b")"); },
            "400 malformed"),
        payload(
            "LoneSurrogate", [](std::string p) { return with_member(p, R"("x":"\ud800")"); },
            "400 malformed"),
        payload(
            "HugeNumber", [](std::string p) { return with_member(p, R"("x":1e999)"); },
            "400 malformed"),
        payload(
            "NumberBelowZeroThatIsZero",
            [](std::string p) { return p.replace(p.find("\"exp\":") + 6, 10, "-0"); },
            "401 claim_type"),
        payload(
            "List", [](std::string p) { return "[" + p + "]"; }, "400 malformed"),
        payload(
            "NotUtf8", [](std::string p) { return with_member(p, "\"x\":\"\xff\""); },
            "400 malformed")),
    name_of);

Hostile signature(const char* name, std::function<Bytes(Bytes)> change) {
  return {name,
          [=](T& t) {
            const std::string token = t.good();
            const std::size_t at = token.rfind('.') + 1;
            return token.substr(0, at) +
                   base64url(change(from_base64url(token.substr(at)).value()));
          },
          "401 bad_signature"};
}

INSTANTIATE_TEST_SUITE_P(
    Signature, HostileToken,
    testing::Values(signature("FirstBitFlipped", [](Bytes s) { return s[0] ^= 0x80, s; }),
                    signature("LastBitFlipped", [](Bytes s) { return s.back() ^= 1, s; }),
                    signature("OfZeros", [](const Bytes&) { return Bytes(256, 0); }),
                    signature("OfEs256OfZeros", [](const Bytes&) { return Bytes(64, 0); }),
                    signature("Short", [](Bytes s) { return s.pop_back(), s; }),
                    signature("Long", [](Bytes s) { return s.push_back(0), s; }),
                    Hostile{"OfAnotherToken",
                            [](T& t) {
                              const std::string one = t.good(), two = t.good();
                              return one.substr(0, one.rfind('.')) + two.substr(two.rfind('.'));
                            },
                            "401 bad_signature"},
                    Hostile{"OfAnotherKey",
                            [](T& t) {
                              return t.headed(R"("alg":"RS256","kid":"r")", foreign_rsa_key());
                            },
                            "401 bad_signature"},
                    Hostile{"WithPssPadding",
                            [](T& t) {
                              const std::string token = t.good();
                              const std::string input = token.substr(0, token.rfind('.'));
                              return input + "." +
                                     base64url(crypto::test::pss_signature(rsa_key(), input));
                            },
                            "401 bad_signature"}),
    name_of);

}  // namespace
}  // namespace imp::registry::test
