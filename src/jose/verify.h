#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "jose/jwks.h"
#include "jose/token.h"

namespace imp::jose {

/// What one verifier demands of one issuer's tokens. The defaults accept nothing: an empty list of
/// algorithms or audiences is never "any".
struct VerifyPolicy {
  std::vector<Algorithm> algorithms;
  std::string issuer;                  ///< compared byte for byte with `iss`
  std::vector<std::string> audiences;  ///< compared byte for byte with `aud`
  std::chrono::seconds leeway{30};     ///< clock difference forgiven for exp, nbf, iat and max_age
  std::optional<std::chrono::seconds> max_age;       ///< since `iat`
  std::optional<std::chrono::seconds> max_lifetime;  ///< `exp` - `iat`; no leeway, both are theirs
  bool require_token_id = false;                     ///< `jti` must be there
  /// Accept `x5t` and `x5t#S256` in the header (and ignore them). GitHub Actions may send one.
  bool allow_certificate_thumbprint = false;
};

/// The claims of a verified token.
struct Claims {
  std::string issuer;
  std::string audience;
  std::optional<std::string> subject;
  Time issued_at;
  Time expires_at;
  std::optional<std::string> token_id;  ///< `jti`; unique within the issuer only (RFC 7519 §4.1.7)
  /// SHA-256 of the signed bytes in lower-case hexadecimal: names the token where it has no `jti`.
  /// The signature is left out because ECDSA has two valid ones for each that was issued.
  std::string signed_hash;
  std::string key_id;
  Algorithm algorithm = Algorithm::rs256;
  boost::json::object all;  ///< every claim, for matching
};

/// Decides whether `token` is one that `policy.issuer` issued for one of `policy.audiences` and
/// that may be used at `now`. The order of checks is fixed, and the first that fails is the answer:
/// `header_not_allowed` (thumbprint), `issuer_mismatch`, `algorithm_not_allowed`, `unknown_key` or
/// `ambiguous_key`, `algorithm_not_allowed` (the key's), `bad_signature`; then the claims' presence
/// and types; `lifetime_too_long`, `expired`, `not_yet_valid`, `issued_in_future`, `too_old`;
/// `audience_mismatch`. No claim but `iss` is looked at before the signature is known to be good.
///
/// `iss`, `exp`, `iat` and `aud` are required; `nbf`, `sub` and `jti` are checked when present.
/// Times are JSON integers from 1970 to the end of 9999 (a fraction or exponent form is refused: no
/// issuer sends one and verifiers disagree about rounding), and `exp` is not before `iat`. `aud` is
/// a string or an array of exactly one: a token for several audiences can be replayed here by every
/// other recipient of it.
Result<Claims> verify(const Token& token, const KeySet& keys, const VerifyPolicy& policy, Time now);
/// The same, and the claims are taken out of a token that is accepted.
Result<Claims> verify(Token&& token, const KeySet& keys, const VerifyPolicy& policy, Time now);

}  // namespace imp::jose
