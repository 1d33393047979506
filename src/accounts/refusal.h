#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::accounts {

/// Everything this module refuses. Codes are the enumerators' names.
enum class AccountRefusal : std::uint8_t {
  // Names, profiles and passwords
  name_invalid,
  name_taken,
  email_invalid,
  profile_invalid,
  password_too_weak,
  password_too_long,
  person_not_found,
  // Who is calling
  not_signed_in,
  sign_in_failed,
  credential_invalid,
  credential_malformed,
  token_expired,
  address_not_allowed,
  password_not_enough,
  credential_limited,
  browser_only,
  csrf_failed,
  too_many_attempts,
  too_busy,
  // Second factors
  second_factor_required,
  second_factor_wrong,
  second_factor_not_enabled,
  second_factor_already_enabled,
  second_factor_not_pending,
  second_factor_unconfirmed,  ///< the code that was to finish setting up did not fit
  // Passkeys; what is wrong with an answer itself is in webauthn/refusal.h
  passkey_unavailable,
  passkey_challenge_unknown,
  passkey_wrong_purpose,
  passkey_not_yours,
  passkey_counter,
  passkey_not_found,
  passkey_exists,
  passkey_limit,
  passkey_name_invalid,
  // Access tokens
  token_invalid,
  token_limit,
  token_not_found,
  token_ambiguous,
  // Web flows
  flow_not_found,
  flow_expired,
  flow_finished,
  flow_wrong_person,
  // Organisations and groups
  organization_not_found,
  organization_forbidden,
  member_not_found,
  last_admin,
  role_invalid,
  group_not_found,
  group_exists,
  // The first administrator and administration
  setup_finished,
  setup_token_wrong,
  administrator_only,
};

Reason reason(AccountRefusal refusal);

}  // namespace imp::accounts
