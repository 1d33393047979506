#pragma once

#include <string_view>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

/// What both npm's stage endpoints and the pages do with staged releases. The second factor is the
/// caller's question, asked in the form that its client understands, before the decision.

/// The release, when the requester may decide it; stage_not_found for everybody else.
Result<StagedRelease> visible_release(RegistryServices& services, const Requester& requester,
                                      std::string_view id);

/// Records the requester's approval, with its audit record, and makes the release public, byte for
/// byte what was staged, when the package's policy asks for no more.
Result<Approval> approve_release(RegistryServices& services, const Requester& requester,
                                 const StagedRelease& release);
/// What an approver is told: published, or what is still missing.
std::string approval_text(const StagedRelease& release, const Approval& approval);

/// The person on whose word a release is staged: who holds the credential or, in a pipeline of this
/// server, who started it. Empty when unknown, as for pipelines elsewhere.
std::string person_behind(db::Session& session, RegistryServices& services,
                          const Requester& requester);

/// A package's policy for staged releases and, for one that waits, what came of it so far.
struct StageState {
  StagePolicy policy;
  std::string group_name;              ///< of policy.group
  std::vector<std::string> approvers;  ///< who approved, and counts
  std::vector<std::string> warnings;   ///< for whoever reviews the release
};
Result<StageState> stage_state(RegistryServices& services, const Package& package,
                               const StagedRelease* release = nullptr);
Result<StageState> stage_state(RegistryServices& services, const StagedRelease& release);

/// Adds to a review what was approved so far, what is needed, and what is odd about it.
void add_state(ReleaseReview& review, const StageState& state);

/// Sets a package's policy, on the word of somebody who governs it and has given a second factor.
/// The group is one of the owning organisation's, by name; empty for none.
struct PolicyRequest {
  std::int64_t approvals = 1;
  bool different_person = false;
  std::string group_name;
};
Result<StagePolicy> set_stage_policy(RegistryServices& services, const Requester& requester,
                                     const PackageName& name, const PolicyRequest& wanted);

/// Gives the version number back and forgets the release, with its audit record.
Result<void> reject_release(RegistryServices& services, const Requester& requester,
                            const StagedRelease& release);

/// Takes away the releases whose time is over, each with its audit record. Call now and then.
Result<void> expire_releases(RegistryServices& services);

}  // namespace imp::registry
