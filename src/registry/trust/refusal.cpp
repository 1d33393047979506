#include "registry/trust/refusal.h"

namespace imp::trust {

Reason reason(TrustRefusal refusal) {
  using enum TrustRefusal;
  switch (refusal) {
    case missing_token:
      return {"missing_token", FailureKind::unauthenticated};
    case unknown_issuer:
      return {"unknown_issuer", FailureKind::unauthenticated};
    case issuer_frozen:
      return {"issuer_frozen", FailureKind::forbidden};
    case invalid_issuer:
      return {"invalid_issuer", FailureKind::invalid};
    case issuer_exists:
      return {"issuer_exists", FailureKind::conflict};
    case issuer_not_found:
      return {"issuer_not_found", FailureKind::not_found};
    case issuer_in_use:
      return {"issuer_in_use", FailureKind::conflict};
    case issuer_unavailable:
      return {"issuer_unavailable", FailureKind::unavailable};
    // npm's registry answers 404 here; clients and their documentation expect it.
    case no_matching_publisher:
      return {"no_matching_publisher", FailureKind::not_found};
    case claim_mismatch:
      return {"claim_mismatch", FailureKind::forbidden};
    case claim_missing:
      return {"claim_missing", FailureKind::forbidden};
    case tenant_mismatch:
      return {"tenant_mismatch", FailureKind::forbidden};
    case banned_event:
      return {"banned_event", FailureKind::forbidden};
    case self_hosted_runner:
      return {"self_hosted_runner", FailureKind::forbidden};
    case resurrected_project:
      return {"resurrected_project", FailureKind::forbidden};
    case ssh_rerun:
      return {"ssh_rerun", FailureKind::forbidden};
    case replayed:
      return {"replayed", FailureKind::unauthenticated};
    case clock_set_back:
      return {"clock_set_back", FailureKind::unauthenticated};
    case publisher_removed:
      return {"publisher_removed", FailureKind::forbidden};
    case publisher_expired:
      return {"publisher_expired", FailureKind::forbidden};
    case publisher_cooling_down:
      return {"publisher_cooling_down", FailureKind::forbidden};
    case maker_may_not_create:
      return {"maker_may_not_create", FailureKind::forbidden};
    case pending_rivals:
      return {"pending_rivals", FailureKind::forbidden};
    case invalid_publisher:
      return {"invalid_publisher", FailureKind::invalid};
    case invalid_permissions:
      return {"invalid_permissions", FailureKind::invalid};
    case attempt_not_found:
      return {"attempt_not_found", FailureKind::not_found};
    case invalid_check:
      return {"invalid_check", FailureKind::invalid};
    case duplicate_publisher:
      return {"duplicate_publisher", FailureKind::conflict};
    case too_many_publishers:
      return {"too_many_publishers", FailureKind::conflict};
    case publisher_not_found:
      return {"publisher_not_found", FailureKind::not_found};
    case publish_token_invalid:
      return {"publish_token_invalid", FailureKind::unauthenticated};
    // Not 401: npm would say "unable to authenticate" and keep the reason to itself.
    case run_ended:
      return {"run_ended", FailureKind::forbidden};
    case permission_not_granted:
      return {"permission_not_granted", FailureKind::forbidden};
    case version_tag_mismatch:
      return {"version_tag_mismatch", FailureKind::forbidden};
    case publish_token_spent:
      return {"publish_token_spent", FailureKind::forbidden};
    case other_package:
      return {"other_package", FailureKind::forbidden};
    case publish_token_forbidden:
      return {"publish_token_forbidden", FailureKind::forbidden};
  }
  return {};
}

}  // namespace imp::trust
