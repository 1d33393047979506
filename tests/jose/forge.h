#pragma once

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "crypto/keys.h"
#include "jose/verify.h"

// Tokens as an attacker with a keyboard makes them: any header, any payload, properly signed.

namespace imp::jose::test {

namespace json = boost::json;

/// One key of each kind for the whole program, and a second RSA key of somebody else.
inline const crypto::PrivateKey& rsa_key() {
  static const auto key = crypto::PrivateKey::generate(crypto::KeyKind::rsa);
  return key;
}
inline const crypto::PrivateKey& foreign_rsa_key() {
  static const auto key = crypto::PrivateKey::generate(crypto::KeyKind::rsa);
  return key;
}
inline const crypto::PrivateKey& p256_key() {
  static const auto key = crypto::PrivateKey::generate(crypto::KeyKind::p256);
  return key;
}
inline const crypto::PrivateKey& ed25519_key() {
  static const auto key = crypto::PrivateKey::generate(crypto::KeyKind::ed25519);
  return key;
}

inline constexpr std::int64_t kIssuedAt = 1'800'000'000;
inline constexpr Time kNow = Time(std::chrono::seconds(kIssuedAt + 60));
inline const std::string kIssuer = "https://ci.example/oidc/org/6c5b2b1e";
inline const std::string kAudience = "npm:registry.example";

inline KeySet good_keys() {
  return KeySet::of({{"r", rsa_key().public_key()},
                     {"e", p256_key().public_key()},
                     {"d", ed25519_key().public_key()}});
}

inline VerifyPolicy good_policy() {
  return {.algorithms = {Algorithm::rs256, Algorithm::es256, Algorithm::eddsa},
          .issuer = kIssuer,
          .audiences = {kAudience, "npm:registry.example:4873"},
          .max_age = std::chrono::minutes(5),
          .max_lifetime = std::chrono::hours(1)};
}

inline json::object good_claims() {
  return {{"iss", kIssuer},    {"sub", "org/o/project/p/user/u"}, {"aud", kAudience},
          {"iat", kIssuedAt},  {"exp", kIssuedAt + 3600},         {"jti", "5d3e"},
          {"ssh-rerun", false}};
}

inline std::string good_header() { return R"({"alg":"RS256","kid":"r","typ":"JWT"})"; }
inline std::string good_payload() { return json::serialize(good_claims()); }

/// The good claims with one set to a JSON text, or removed when the text is empty.
inline std::string payload_with(std::string_view claim, std::string_view json_text) {
  json::object claims = good_claims();
  claims.erase(claim);
  std::string text = json::serialize(claims);
  if (json_text.empty()) return text;
  text.insert(1, json::serialize(json::value(claim)) + ":" + std::string(json_text) + ",");
  return text;
}

inline std::string encoded(std::string_view text) { return base64url(bytes_of(text)); }

/// Header and payload as they are, even when they are no JSON, signed with `key`.
inline std::string forge(std::string_view header, std::string_view payload,
                         const crypto::PrivateKey& key = rsa_key()) {
  const std::string input = encoded(header) + "." + encoded(payload);
  return input + "." + base64url(key.sign(bytes_of(input)));
}

/// As forge(), without the cost of a signature, for what is refused before it is looked at.
inline std::string unsigned_token(std::string_view header, std::string_view payload) {
  return encoded(header) + "." + encoded(payload) + ".AAAA";
}

inline std::string good_token() {
  static const std::string token = forge(good_header(), good_payload());
  return token;
}

/// "ok" or the code of the refusal.
inline std::string_view parsed_code(std::string_view compact) {
  const auto token = parse_token(compact);
  return token ? "ok" : token.error().code();
}
inline std::string_view verified_code(std::string_view compact,
                                      const VerifyPolicy& policy = good_policy(), Time now = kNow,
                                      const KeySet& keys = good_keys()) {
  const auto token = parse_token(compact);
  if (!token) return token.error().code();
  const auto claims = verify(*token, keys, policy, now);
  return claims ? "ok" : claims.error().code();
}

}  // namespace imp::jose::test
