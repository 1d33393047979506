#pragma once

#include <cstdint>

#include "base/encoding.h"
#include "base/failure.h"
#include "webauthn/relying_party.h"

namespace imp::webauthn {

/// What an authenticator signs (level 3 §6.1), taken apart. Views point into the bytes that were
/// parsed.
struct AuthenticatorData {
  ByteView site_hash;  ///< SHA-256 of the rpId, 32 bytes
  bool user_present = false;
  bool user_verified = false;
  bool backed_up = false;
  std::uint32_t sign_count = 0;
  ByteView credential_id = {};  ///< of a registration; empty in assertions
  ByteView cose_key = {};       ///< one whole CBOR item

  /// `attested`: must hold a credential (registration); otherwise must not.
  static Result<AuthenticatorData> parse(ByteView bytes, bool attested);
};

/// Made for this site, with the person present and verified.
Result<void> check_authenticator_data(const AuthenticatorData& data, const RelyingParty& party);

}  // namespace imp::webauthn
