#pragma once

#include <optional>
#include <string>

#include "registry/api/governed_place.h"
#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/staging/stage_policy.h"

namespace imp::registry {

/// The policy that somebody asks for. The group is one of the organisation's, by name; empty for
/// none.
struct PolicyRequest {
  std::int64_t approvals = 1;
  bool different_person = false;
  std::string group_name;
  bool passkeys_only = false;
  std::optional<Milliseconds> life = kStageLife;  ///< nothing: it could not be read
};

/// What a second factor for the policy is for (change_subject.h), or for taking it back where
/// nothing is wanted: "@acme/widget: looser than now, 1 approval". invalid_stage_policy, for its
/// numbers and its group, so that no code is used up for what is refused.
Result<std::string> policy_subject(RegistryServices& services, const GovernedPlace& place,
                                   const std::optional<PolicyRequest>& wanted);

/// Sets the policy of a package, or of all packages of an organisation, on the word of somebody who
/// governs it and has given a second factor. A package's may only be stricter than its
/// organisation's: invalid_stage_policy. One that is looser than the one in force is so after the
/// cool-down that switches have (RegistryServices::switch_cool_down).
Result<StagePolicy> set_stage_policy(RegistryServices& services, const Requester& requester,
                                     const GovernedPlace& place, const PolicyRequest& wanted);

/// Takes back the policy that somebody set there, likewise: what is left is as loose as what was
/// never set, which for a package is as loose as its organisation's of now. Nothing changes where
/// none was set.
Result<void> clear_stage_policy(RegistryServices& services, const Requester& requester,
                                const GovernedPlace& place);

/// An organisation's policy, with the name of its group.
struct ScopePolicy {
  StagePolicy policy;  ///< in force
  std::string group_name;
  std::optional<PolicyToCome> to_come;
};
Result<ScopePolicy> scope_policy(RegistryServices& services, const GovernedPlace& place);

}  // namespace imp::registry
