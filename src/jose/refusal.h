#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::jose {

/// Why a token is not accepted. The code of each is its name: "bad_signature".
enum class TokenRefusal : std::uint8_t {
  too_large,              ///< longer than kMaxTokenBytes; nothing else was looked at
  malformed,              ///< not three strict base64url segments of strict JSON objects
  header_not_allowed,     ///< a header member that brings its own key, or changes what is signed
  algorithm_not_allowed,  ///< `alg` is unknown, not allowed for the issuer, or not the key's
  issuer_mismatch,        ///< `iss` is not exactly the expected one
  unknown_key,        ///< no key has this `kid`: the caller may fetch the key set once and retry
  ambiguous_key,      ///< the key set has this `kid` more than once: fetching again cannot help
  bad_signature,      ///< the key does not verify the signature
  missing_claim,      ///< a claim that must be there is absent
  claim_type,         ///< a claim of the wrong JSON type or outside its range
  expired,            ///< at or after `exp`
  not_yet_valid,      ///< before `nbf`
  issued_in_future,   ///< before `iat`
  too_old,            ///< issued longer ago than this issuer's tokens may be used
  lifetime_too_long,  ///< `exp` - `iat` exceeds what this issuer's tokens may have
  audience_mismatch,  ///< `aud` is not one accepted audience alone
};
Reason reason(TokenRefusal refusal);

/// Why a whole JWK set is not accepted.
enum class KeySetRefusal : std::uint8_t {
  key_set_too_large,    ///< more than kMaxKeySetBytes or kMaxKeys
  key_set_malformed,    ///< not a strict JSON object with an array `keys`
  private_key_exposed,  ///< a key carries private members: whoever reads the set can sign
};
Reason reason(KeySetRefusal refusal);

}  // namespace imp::jose
