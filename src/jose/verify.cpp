#include "jose/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "crypto/hash.h"
#include "jose/claim_reading.h"

namespace imp::jose {

namespace {

namespace json = boost::json;
using std::chrono::seconds;

/// The checks that need no trust in the claims: which issuer, which key, and that it signed.
Result<void> check_signature(const Token& token, const KeySet& keys, const VerifyPolicy& policy) {
  if (token.has_certificate_thumbprint && !policy.allow_certificate_thumbprint) {
    return refuse(TokenRefusal::header_not_allowed,
                  "The token's header must not have \"x5t\" or \"x5t#S256\".");
  }
  const auto issuer = unverified_issuer(token);
  if (!issuer) return pass_on(issuer);
  if (*issuer != policy.issuer) {
    return refuse(TokenRefusal::issuer_mismatch,
                  fmt::format("The token was not issued by {}.", policy.issuer),
                  "iss " + clipped(token.unverified_payload.at("iss")));
  }
  if (std::ranges::find(policy.algorithms, token.algorithm) == policy.algorithms.end()) {
    return refuse(
        TokenRefusal::algorithm_not_allowed,
        fmt::format("This issuer's tokens may not be signed with {}.", name(token.algorithm)));
  }
  if (keys.is_ambiguous(token.key_id)) {
    return refuse(TokenRefusal::ambiguous_key,
                  "The issuer's key set has the token's \"kid\" more than once.", token.key_id);
  }
  const VerificationKey* key = keys.find(token.key_id);
  if (!key) {
    return refuse(TokenRefusal::unknown_key,
                  "The issuer's key set has no usable key with the token's \"kid\".", token.key_id);
  }
  if (key->algorithm != token.algorithm) {
    return refuse(TokenRefusal::algorithm_not_allowed,
                  fmt::format("The token says {} but its key is for {}.", name(token.algorithm),
                              name(key->algorithm)));
  }
  if (!key->key.verify(bytes_of(token.signing_input), token.signature)) {
    return refuse(TokenRefusal::bad_signature,
                  "The token's signature was not made by the issuer's key.", token.key_id);
  }
  return {};
}

Result<void> check_times(const TimeClaims& times, const VerifyPolicy& policy, Time now) {
  if (policy.max_lifetime && times.expires_at - times.issued_at > *policy.max_lifetime) {
    return refuse(TokenRefusal::lifetime_too_long,
                  fmt::format("The token's lifetime (\"exp\" - \"iat\") is over {} seconds.",
                              policy.max_lifetime->count()));
  }
  // RFC 7519 §4.1.4: on or after exp the token is not accepted.
  if (now >= times.expires_at + policy.leeway) {
    return refuse(TokenRefusal::expired, fmt::format("The token expired at {}. Ask for a new one.",
                                                     time_text(times.expires_at)));
  }
  if (times.not_before && now < *times.not_before - policy.leeway) {
    return refuse(TokenRefusal::not_yet_valid,
                  fmt::format("The token is not valid before {}. Compare both machines' clocks.",
                              time_text(*times.not_before)));
  }
  if (now < times.issued_at - policy.leeway) {
    return refuse(TokenRefusal::issued_in_future,
                  fmt::format("The token was issued at {}, which is in the future here. Compare "
                              "both machines' clocks.",
                              time_text(times.issued_at)));
  }
  if (policy.max_age && now > times.issued_at + *policy.max_age + policy.leeway) {
    return refuse(TokenRefusal::too_old,
                  fmt::format("The token was issued at {} and may be used for {} seconds. Ask for "
                              "a new one right before using it.",
                              time_text(times.issued_at), policy.max_age->count()));
  }
  return {};
}

Result<void> check_audience(std::string_view audience, const VerifyPolicy& policy) {
  if (std::ranges::find(policy.audiences, audience) != policy.audiences.end()) return {};
  return refuse(TokenRefusal::audience_mismatch,
                fmt::format("The token is for the audience {}; this server accepts {}.",
                            clipped(json::value(audience)),
                            policy.audiences.empty()
                                ? "none"
                                : fmt::format("{}", fmt::join(policy.audiences, " and "))),
                "aud " + clipped(json::value(audience)));
}

}  // namespace

Result<Claims> verify(const Token& token, const KeySet& keys, const VerifyPolicy& policy,
                      Time now) {
  return verify(Token(token), keys, policy, now);
}

// Of a token that is refused nothing is moved.
// NOLINTNEXTLINE(cppcoreguidelines-rvalue-reference-param-not-moved)
Result<Claims> verify(Token&& token, const KeySet& keys, const VerifyPolicy& policy, Time now) {
  if (auto checked = check_signature(token, keys, policy); !checked) return pass_on(checked);

  const json::object& payload = token.unverified_payload;  // from here on it is verified
  const auto times = read_times(payload);
  if (!times) return pass_on(times);
  auto audience = read_audience(payload);
  if (!audience) return pass_on(audience);
  auto subject = read_optional_text(payload, "sub");
  if (!subject) return pass_on(subject);
  auto token_id = read_token_id(payload, policy.require_token_id);
  if (!token_id) return pass_on(token_id);

  if (auto checked = check_times(*times, policy, now); !checked) return pass_on(checked);
  if (auto checked = check_audience(*audience, policy); !checked) return pass_on(checked);

  return Claims{.issuer = policy.issuer,
                .audience = std::move(*audience),
                .subject = std::move(*subject),
                .issued_at = times->issued_at,
                .expires_at = times->expires_at,
                .token_id = std::move(*token_id),
                .signed_hash = crypto::sha256_hex(token.signing_input),
                .key_id = token.key_id,
                .algorithm = token.algorithm,
                .all = std::move(token.unverified_payload)};
}

}  // namespace imp::jose
