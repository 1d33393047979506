#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::trust {

/// Why the registry does not trust something. The code of each is its name. The refusals of token
/// verification itself (bad_signature, expired, …) are jose::TokenRefusal.
enum class TrustRefusal : std::uint8_t {
  missing_token,            ///< the exchange was asked without an ID token
  unknown_issuer,           ///< `iss` is no issuer that the operator has configured
  issuer_frozen,            ///< an operator has stopped this issuer
  invalid_issuer,           ///< an operator's issuer is not of the known shape
  issuer_exists,            ///< there is one with this id or address
  issuer_not_found,         ///< no issuer has this id
  issuer_in_use,            ///< publishers name it
  issuer_unavailable,       ///< the issuer's keys cannot be had, and none are kept
  no_matching_publisher,    ///< no such package, or none of its trusted publishers is this identity
  claim_mismatch,           ///< a publisher of the same project expects another value of a claim
  claim_missing,            ///< a claim that a publisher needs is absent or of the wrong type
  tenant_mismatch,          ///< the issuer's organisation and the claimed one differ
  banned_event,             ///< the event that started the job may run a stranger's code
  self_hosted_runner,       ///< the job ran on a machine that is not the provider's own
  resurrected_project,      ///< another project has taken the name that the publisher trusts
  ssh_rerun,                ///< the job was rerun with SSH: a person was inside it
  replayed,                 ///< this token was exchanged before
  clock_set_back,           ///< whether it was exchanged before is not known any more
  publisher_removed,        ///< the publisher was removed while the exchange was under way
  publisher_expired,        ///< the one that matches has ended (publisher_end.h)
  publisher_cooling_down,   ///< the one that matches may not be used yet
  maker_may_not_create,     ///< whoever prepared it has lost the right to create the package
  pending_rivals,           ///< several people's pending publishers match the token
  invalid_publisher,        ///< the configuration is not one of the known shape
  invalid_permissions,      ///< no permission, or an unknown one
  attempt_not_found,        ///< no such attempt, or forgotten, or of another's package
  invalid_check,            ///< neither a token nor a description of a job
  duplicate_publisher,      ///< the package has this publisher already
  too_many_publishers,      ///< the package or the person has as many as it may have
  publisher_not_found,      ///< no publisher with this id on this package
  publish_token_invalid,    ///< unknown, expired or revoked publish token
  run_ended,                ///< the job that the token was given to has ended or was canceled
  permission_not_granted,   ///< the publisher does not allow this action
  version_tag_mismatch,     ///< the ref names another version than the one being published
  publish_token_spent,      ///< the token was used for another version, and is good for one
  other_package,            ///< a publish token is good for one package only
  publish_token_forbidden,  ///< an action no publish token may take, whatever its publisher
};
Reason reason(TrustRefusal refusal);

}  // namespace imp::trust
