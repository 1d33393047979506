#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crypto/openssl_by_hand.h"
#include "forge.h"

namespace imp::jose {
namespace {

using namespace test;

std::string header_of(std::string_view alg, std::string_view kid) {
  return fmt::format(R"({{"alg":"{}","kid":"{}"}})", alg, kid);
}

/// A token of the good claims with a signature given as bytes.
std::string with_signature(const std::string& header, ByteView signature) {
  return encoded(header) + "." + encoded(good_payload()) + "." + base64url(signature);
}

TEST(TokenSignature, EveryFlippedBit) {
  const std::vector<std::pair<std::string, const crypto::PrivateKey*>> rows = {
      {header_of("RS256", "r"), &rsa_key()},
      {header_of("ES256", "e"), &p256_key()},
      {header_of("EdDSA", "d"), &ed25519_key()}};
  for (const auto& [header, key] : rows) {
    const auto token = parse_token(forge(header, good_payload(), *key));
    ASSERT_TRUE(token);
    const KeySet keys = good_keys();
    ASSERT_TRUE(verify(*token, keys, good_policy(), kNow));
    for (std::size_t bit = 0; bit < token->signature.size() * 8; ++bit) {
      Token damaged = *token;
      damaged.signature[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      const auto claims = verify(damaged, keys, good_policy(), kNow);
      ASSERT_FALSE(claims) << header << bit;
      ASSERT_EQ(claims.error().code(), "bad_signature");
    }
  }
}

// Whatever single character of a token is changed, it is another token.
TEST(TokenSignature, EveryChangedCharacter) {
  const std::string good = forge(header_of("EdDSA", "d"), good_payload(), ed25519_key());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char c : {'A', '.', '=', '_'}) {
      if (good[at] == c) continue;
      std::string changed = good;
      changed[at] = c;
      ASSERT_NE(verified_code(changed), "ok") << at << c;
    }
  }
}

TEST(TokenSignature, OfAnotherTokenDoesNotCarryOver) {
  const std::string one = good_token();
  const std::string two = forge(good_header(), payload_with("sub", R"("org/evil")"));
  const auto head = [](const std::string& token) { return token.substr(0, token.rfind('.')); };
  const auto tail = [](const std::string& token) { return token.substr(token.rfind('.')); };
  EXPECT_EQ(verified_code(two), "ok");
  EXPECT_EQ(verified_code(head(one) + tail(two)), "bad_signature");
  EXPECT_EQ(verified_code(head(two) + tail(one)), "bad_signature");
  // the same claims in another order are other bytes
  json::object reordered = {{"aud", kAudience}};
  for (const auto& member : good_claims()) reordered.insert(member);
  EXPECT_EQ(reordered, good_claims());
  EXPECT_EQ(
      verified_code(encoded(good_header()) + "." + encoded(json::serialize(reordered)) + tail(one)),
      "bad_signature");
  // the same header with other white space too
  EXPECT_EQ(verified_code(encoded(good_header() + " ") + "." + encoded(good_payload()) + tail(one)),
            "bad_signature");
}

struct Es256Row {
  std::string_view name;
  Bytes signature;
  std::string_view code;
};

TEST(TokenSignature, Es256Forms) {
  const std::string header = header_of("ES256", "e");
  const std::string input = encoded(header) + "." + encoded(good_payload());
  const Bytes good = p256_key().sign(bytes_of(input));
  const Bytes r(good.begin(), good.begin() + 32);
  const Bytes s(good.begin() + 32, good.end());
  const Bytes zero(32, 0);
  const auto pair = [](Bytes first, const Bytes& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  };
  Bytes longer = good;
  longer.push_back(0);
  const std::vector<Es256Row> rows = {
      {"raw", good, "ok"},
      {"psychic (CVE-2022-21449)", Bytes(64, 0), "bad_signature"},
      {"r zero", pair(zero, s), "bad_signature"},
      {"s zero", pair(r, zero), "bad_signature"},
      {"DER", p256_key().sign_der(bytes_of(input)), "bad_signature"},
      {"DER of zeros", {0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00}, "bad_signature"},
      {"one byte short", Bytes(good.begin(), good.end() - 1), "bad_signature"},
      {"one byte long", longer, "bad_signature"},
      {"96 bytes as ES384", pair(good, r), "bad_signature"},
      {"one byte", {1}, "bad_signature"},
  };
  for (const Es256Row& row : rows) {
    EXPECT_EQ(verified_code(with_signature(header, row.signature)), row.code) << row.name;
  }
}

// Both signatures of an ECDSA pair are valid, so a token without jti must be remembered by what is
// signed: by its whole text it could be replayed once more.
TEST(TokenSignature, TheTwinOfAnEcdsaSignatureHasTheSameHash) {
  const std::string good = forge(header_of("ES256", "e"), good_payload(), p256_key());
  const auto token = parse_token(good);
  Token twin = *token;
  twin.signature = crypto::test::ecdsa_twin(token->signature);
  ASSERT_NE(twin.signature, token->signature);
  const auto first = verify(*token, good_keys(), good_policy(), kNow);
  const auto second = verify(twin, good_keys(), good_policy(), kNow);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(first->signed_hash, second->signed_hash);
  EXPECT_EQ(first->signed_hash.size(), 64u);
  const auto other =
      parse_token(forge(header_of("ES256", "e"), payload_with("jti", ""), p256_key()));
  EXPECT_NE(verify(*other, good_keys(), good_policy(), kNow)->signed_hash, first->signed_hash);
}

TEST(TokenSignature, Ps256UnderAnRs256Header) {
  const std::string header = header_of("RS256", "r");
  const std::string input = encoded(header) + "." + encoded(good_payload());
  const Bytes signature = crypto::test::pss_signature(rsa_key(), input);
  EXPECT_EQ(verified_code(with_signature(header, signature)), "bad_signature");
}

TEST(TokenSignature, LengthsOfRs256) {
  const std::string header = header_of("RS256", "r");
  for (const std::size_t size : {1u, 32u, 64u, 255u, 256u, 257u, 512u, 8000u}) {
    for (const std::uint8_t fill : {0x00, 0x01, 0xff}) {
      EXPECT_EQ(verified_code(with_signature(header, Bytes(size, fill))), "bad_signature") << size;
    }
  }
}

}  // namespace
}  // namespace imp::jose
