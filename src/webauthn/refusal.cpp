#include "webauthn/refusal.h"

namespace imp::webauthn {

Reason reason(WebAuthnRefusal refusal) {
  using enum WebAuthnRefusal;
  switch (refusal) {
    case passkey_malformed:
      return {"passkey_malformed", FailureKind::invalid};
    case passkey_wrong_ceremony:
      return {"passkey_wrong_ceremony", FailureKind::challenge};
    case passkey_wrong_challenge:
      return {"passkey_wrong_challenge", FailureKind::challenge};
    case passkey_wrong_origin:
      return {"passkey_wrong_origin", FailureKind::challenge};
    case passkey_wrong_site:
      return {"passkey_wrong_site", FailureKind::challenge};
    case passkey_not_verified:
      return {"passkey_not_verified", FailureKind::challenge};
    case passkey_unsupported:
      return {"passkey_unsupported", FailureKind::invalid};
    case passkey_signature_wrong:
      return {"passkey_signature_wrong", FailureKind::challenge};
  }
  return {"unknown", FailureKind::internal};
}

}  // namespace imp::webauthn
