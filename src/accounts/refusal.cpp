#include "accounts/refusal.h"

namespace imp::accounts {

Reason reason(AccountRefusal refusal) {
  using enum AccountRefusal;
  switch (refusal) {
    case name_invalid:
      return {"name_invalid", FailureKind::invalid};
    case name_taken:
      return {"name_taken", FailureKind::conflict};
    case email_invalid:
      return {"email_invalid", FailureKind::invalid};
    case profile_invalid:
      return {"profile_invalid", FailureKind::invalid};
    case password_too_weak:
      return {"password_too_weak", FailureKind::invalid};
    case password_too_long:
      return {"password_too_long", FailureKind::invalid};
    case person_not_found:
      return {"person_not_found", FailureKind::not_found};
    case not_signed_in:
      return {"not_signed_in", FailureKind::unauthenticated};
    case sign_in_failed:
      return {"sign_in_failed", FailureKind::unauthenticated};
    case credential_invalid:
      return {"credential_invalid", FailureKind::unauthenticated};
    case credential_malformed:
      return {"credential_malformed", FailureKind::unauthenticated};
    case token_expired:
      return {"token_expired", FailureKind::unauthenticated};
    case address_not_allowed:
      return {"address_not_allowed", FailureKind::unauthenticated};
    case password_not_enough:
      return {"password_not_enough", FailureKind::unauthenticated};
    case credential_limited:
      return {"credential_limited", FailureKind::forbidden};
    case browser_only:
      return {"browser_only", FailureKind::forbidden};
    case csrf_failed:
      return {"csrf_failed", FailureKind::forbidden};
    case too_many_attempts:
      return {"too_many_attempts", FailureKind::rate_limited};
    case too_busy:
      return {"too_busy", FailureKind::unavailable};
    case second_factor_required:
      return {"second_factor_required", FailureKind::challenge};
    case second_factor_wrong:
      return {"second_factor_wrong", FailureKind::challenge};
    case second_factor_not_enabled:
      return {"second_factor_not_enabled", FailureKind::forbidden};
    case second_factor_already_enabled:
      return {"second_factor_already_enabled", FailureKind::conflict};
    case second_factor_not_pending:
      return {"second_factor_not_pending", FailureKind::conflict};
    case second_factor_unconfirmed:
      return {"second_factor_unconfirmed", FailureKind::invalid};
    case passkey_unavailable:
      return {"passkey_unavailable", FailureKind::conflict};
    case passkey_challenge_unknown:
      return {"passkey_challenge_unknown", FailureKind::challenge};
    case passkey_wrong_purpose:
      return {"passkey_wrong_purpose", FailureKind::challenge};
    case passkey_not_yours:
      return {"passkey_not_yours", FailureKind::challenge};
    case passkey_counter:
      return {"passkey_counter", FailureKind::challenge};
    case passkey_not_found:
      return {"passkey_not_found", FailureKind::not_found};
    case passkey_exists:
      return {"passkey_exists", FailureKind::conflict};
    case passkey_limit:
      return {"passkey_limit", FailureKind::conflict};
    case passkey_name_invalid:
      return {"passkey_name_invalid", FailureKind::invalid};
    case token_invalid:
      return {"token_invalid", FailureKind::invalid};
    case token_limit:
      return {"token_limit", FailureKind::conflict};
    case token_not_found:
      return {"token_not_found", FailureKind::not_found};
    case token_ambiguous:
      return {"token_ambiguous", FailureKind::invalid};
    case flow_not_found:
      return {"flow_not_found", FailureKind::not_found};
    case flow_expired:
      return {"flow_expired", FailureKind::gone};
    case flow_finished:
      return {"flow_finished", FailureKind::gone};
    case flow_wrong_person:
      return {"flow_wrong_person", FailureKind::forbidden};
    case organization_not_found:
      return {"organization_not_found", FailureKind::not_found};
    case organization_forbidden:
      return {"organization_forbidden", FailureKind::forbidden};
    case member_not_found:
      return {"member_not_found", FailureKind::not_found};
    case last_admin:
      return {"last_admin", FailureKind::conflict};
    case role_invalid:
      return {"role_invalid", FailureKind::invalid};
    case group_not_found:
      return {"group_not_found", FailureKind::not_found};
    case group_exists:
      return {"group_exists", FailureKind::conflict};
    case setup_finished:
      return {"setup_finished", FailureKind::gone};
    case setup_token_wrong:
      return {"setup_token_wrong", FailureKind::forbidden};
    case administrator_only:
      return {"administrator_only", FailureKind::forbidden};
  }
  return {"unknown", FailureKind::internal};
}

}  // namespace imp::accounts
