#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "registry/packages/registry_key.h"
#include "registry/staging/stage_outcome.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

/// How staged releases end. Each call belongs into the caller's write transaction: decisions that
/// race with each other, or with a direct publish of the same version, are ordered by the database,
/// and exactly one is carried out; the others find the release gone. What became of it is kept
/// (stage_outcome.h).

/// Somebody approves.
struct ApprovalRequest {
  Caller caller;    ///< the approver's rights, as they are now
  Person approver;  ///< who `_npmUser.approver` will name
  /// The dist-tag to publish under; empty: the one staged with. An approval is for this tag alone:
  /// several approvals publish when they name the same one.
  std::string tag = {};
  bool by_passkey = false;  ///< what the approver confirmed it with
};
/// What became of an approval.
struct Approval {
  std::optional<Published> published;  ///< nothing while more approvals are needed
  std::int64_t needed = 1;             ///< so many approvals
  std::vector<std::string> approvers;  ///< whose approvals count, this one's included
  std::string tag;                     ///< that it is approved for
  std::int64_t missing() const;
};
/// Records the approval of somebody who must have the right to publish and to approve under the
/// package's policy, and makes the release public when there are enough. Only approvals of people
/// who could still give them count.
Result<Approval> approve_staged(db::Session& session, std::string_view id,
                                const ApprovalRequest& request, const ApprovalRights& rights,
                                const RegistryKey& key, Time now);
/// Of the recorded approvals those that count under the policy, for this tag.
std::vector<std::string> counted_approvals(db::Session& session, const StagedRelease& release,
                                           const StagePolicy& policy, const ApprovalRights& rights,
                                           const std::string& tag);

/// What became of a release that is no more.
struct Ended {
  StagedRelease release;
  StageOutcome outcome;
};
/// Gives the version number back on the word of somebody who may decide it. When that is the person
/// behind the release, it is withdrawn, not rejected.
Result<Ended> reject_staged(db::Session& session, std::string_view id, const Caller& caller,
                            const std::string& person, const std::string& reason, Time now);
/// Gives the version number back for whoever staged it, whom the caller has recognised.
Ended withdraw_staged(db::Session& session, const StagedRelease& release, const std::string& by,
                      Time now);

/// Takes away the oldest of the releases that are over, at most `limit`, and returns them. Of one
/// that cannot be read, that is its id and its candidate's name and version.
Result<std::vector<StagedRelease>> take_expired(db::Session& session, Time now, std::int64_t limit,
                                                Log& log);
/// Whether there are any.
bool any_expired(db::Session& session, Time now);

}  // namespace imp::registry
