#include "jose/refusal.h"

namespace imp::jose {

Reason reason(TokenRefusal refusal) {
  using enum TokenRefusal;
  switch (refusal) {
    case too_large:
      return {"too_large", FailureKind::too_large};
    case malformed:
      return {"malformed", FailureKind::invalid};
    case header_not_allowed:
      return {"header_not_allowed", FailureKind::invalid};
    case algorithm_not_allowed:
      return {"algorithm_not_allowed", FailureKind::unauthenticated};
    case issuer_mismatch:
      return {"issuer_mismatch", FailureKind::unauthenticated};
    case unknown_key:
      return {"unknown_key", FailureKind::unauthenticated};
    case ambiguous_key:
      return {"ambiguous_key", FailureKind::unauthenticated};
    case bad_signature:
      return {"bad_signature", FailureKind::unauthenticated};
    case missing_claim:
      return {"missing_claim", FailureKind::unauthenticated};
    case claim_type:
      return {"claim_type", FailureKind::unauthenticated};
    case expired:
      return {"expired", FailureKind::unauthenticated};
    case not_yet_valid:
      return {"not_yet_valid", FailureKind::unauthenticated};
    case issued_in_future:
      return {"issued_in_future", FailureKind::unauthenticated};
    case too_old:
      return {"too_old", FailureKind::unauthenticated};
    case lifetime_too_long:
      return {"lifetime_too_long", FailureKind::unauthenticated};
    case audience_mismatch:
      return {"audience_mismatch", FailureKind::unauthenticated};
  }
  return {};
}

// A key set comes from another server, so a bad one is that server's fault.
Reason reason(KeySetRefusal refusal) {
  using enum KeySetRefusal;
  switch (refusal) {
    case key_set_too_large:
      return {"key_set_too_large", FailureKind::upstream};
    case key_set_malformed:
      return {"key_set_malformed", FailureKind::upstream};
    case private_key_exposed:
      return {"private_key_exposed", FailureKind::upstream};
  }
  return {};
}

}  // namespace imp::jose
