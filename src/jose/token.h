#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/failure.h"
#include "jose/algorithm.h"
#include "jose/refusal.h"

namespace imp::jose {

inline constexpr std::size_t kMaxTokenBytes = 16uz * 1024;
inline constexpr std::size_t kMaxKeyIdBytes = 256;

/// A token taken apart. Nothing in it is proved: only what verify() returns may decide anything.
struct Token {
  Algorithm algorithm = Algorithm::rs256;
  std::string key_id;
  /// The header names a certificate by its hash (`x5t`, `x5t#S256`). It brings no key, so an issuer
  /// known to send it can be allowed to (VerifyPolicy::allow_certificate_thumbprint).
  bool has_certificate_thumbprint = false;
  boost::json::object unverified_payload;
  std::string signing_input;  ///< header and payload segments as they came, with their dot
  Bytes signature;
};

/// Parses a JWT in the JWS compact serialization (RFC 7515 §7.1, RFC 7519) from an untrusted
/// caller.
///
/// Refused as `too_large` (before anything else), `malformed` (not exactly three segments; padding,
/// white space, the standard alphabet or non-zero trailing bits in one; an empty signature; JSON
/// that parse_strict_object refuses), `algorithm_not_allowed`, or `header_not_allowed`:
/// - `kid` must be a non-empty string of at most kMaxKeyIdBytes;
/// - `jwk`, `jku`, `x5u`, `x5c` (a key chosen by the sender), `crit`, `b64`, `zip` (another meaning
/// of
///   the bytes) and `cty` (a nested token) must be absent;
/// - `typ` must be absent or "JWT" in any case, so that no other kind of token is taken for one.
/// Other members are ignored, as RFC 7515 §4 asks.
Result<Token> parse_token(std::string_view compact);

/// `iss` as claimed, for finding the issuer whose keys and policy verify() is then given.
/// `missing_claim` or `claim_type` when there is none. The view lives as long as the token.
Result<std::string_view> unverified_issuer(const Token& token);

}  // namespace imp::jose
