#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/failure.h"
#include "webauthn/credential.h"
#include "webauthn/relying_party.h"

namespace imp::webauthn {

/// The use of a passkey as a browser reports it (level 3 §5.1, AuthenticationResponseJSON).
struct AssertionResponse {
  Bytes credential_id;
  Bytes client_data;
  Bytes authenticator_data;
  Bytes signature;
  Bytes user_handle;  ///< empty when the authenticator was told which credentials to use

  /// {"id","type":"public-key","response":{"clientDataJSON","authenticatorData","signature",
  /// "userHandle"}}, base64url.
  static Result<AssertionResponse> parse(std::string_view json);

  /// The challenge that it claims to answer: what the caller looks up.
  Result<std::string> challenge() const;
};

struct Assertion {
  std::uint32_t sign_count = 0;
  bool backed_up = false;
};

/// Level 3 §7.2, but for the signature counter, which the caller compares where it is kept.
/// `challenge` is the issued one, base64url; `credential` the one that `response` names.
Result<Assertion> verify_assertion(const RelyingParty& party, std::string_view challenge,
                                   const AssertionResponse& response, const Credential& credential);

}  // namespace imp::webauthn
