#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/api/services.h"
#include "registry/packages/store.h"
#include "registry/staging/release_review.h"
#include "registry/staging/stage_decision.h"

namespace imp::registry {

/// People's rights to the packages of an owner as they are now, inside the transaction that counts
/// approvals.
ApprovalRights approval_rights(db::Session& session, const std::optional<std::string>& owner);

/// A package's policy for staged releases and, for one that waits, what came of it so far.
struct StageState {
  StagePolicy policy;                   ///< that binds it, or the release since it was staged
  StagePolicy own;                      ///< set for the package itself
  std::optional<StagePolicy> scope;     ///< of the organisation that owns its scope
  std::optional<PolicyToCome> to_come;  ///< of the package's own, once its cool-down is over
  std::string group_name;               ///< of policy.group and policy.more_groups
  std::int64_t needed = 1;              ///< so many approvals, of one that waits
  std::vector<std::string> approvers;   ///< who approved it for the tag it was staged with
  /// Approvals for another tag, as sentences.
  std::vector<std::string> other_approvals;
  std::vector<std::string> warnings;  ///< for whoever reviews the release
};
Result<StageState> stage_state(RegistryServices& services, const Package& package,
                               const StagedRelease* release = nullptr);
Result<StageState> stage_state(RegistryServices& services, const StagedRelease& release);

/// Adds to a review what was approved so far, what is needed, and what is odd about it.
void add_state(ReleaseReview& review, const StageState& state);

}  // namespace imp::registry
