#pragma once

#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/failure.h"
#include "webauthn/credential.h"
#include "webauthn/relying_party.h"

namespace imp::webauthn {

/// A new passkey as a browser reports it (level 3 §5.1, RegistrationResponseJSON). The attestation
/// is not read: nothing here depends on who made the authenticator.
struct RegistrationResponse {
  Bytes client_data;
  Bytes authenticator_data;

  /// {"type":"public-key","response":{"clientDataJSON","authenticatorData"}}, base64url.
  static Result<RegistrationResponse> parse(std::string_view json);

  /// The challenge that it claims to answer: what the caller looks up.
  Result<std::string> challenge() const;
};

/// Level 3 §7.1. `challenge` is the issued one, base64url.
Result<Credential> verify_registration(const RelyingParty& party, std::string_view challenge,
                                       const RegistrationResponse& response);

}  // namespace imp::webauthn
