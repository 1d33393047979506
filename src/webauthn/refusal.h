#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::webauthn {

/// What this module refuses. Codes are the enumerators' names.
enum class WebAuthnRefusal : std::uint8_t {
  passkey_malformed,        ///< not what a browser sends: JSON, base64url, lengths, CBOR
  passkey_wrong_ceremony,   ///< made for creating a passkey, not for using one, or the reverse
  passkey_wrong_challenge,  ///< signs another challenge than the one that was issued
  passkey_wrong_origin,     ///< made on another site's page, or in a frame of one
  passkey_wrong_site,       ///< the authenticator was asked for another site (rpId)
  passkey_not_verified,     ///< without the person's presence, or without PIN or biometrics
  passkey_unsupported,      ///< a key of another algorithm than ES256, EdDSA, RS256
  passkey_signature_wrong,  ///< the credential's key did not sign this
};

Reason reason(WebAuthnRefusal refusal);

}  // namespace imp::webauthn
