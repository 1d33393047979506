#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "base/log.h"
#include "db/database.h"
#include "registry/packages/access.h"
#include "registry/packages/registry_key.h"
#include "registry/publish/candidate.h"
#include "registry/publish/commit.h"
#include "registry/staging/stage_policy.h"

namespace imp::registry {

enum class StageRefusal : std::uint8_t {
  stage_not_found,        ///< no such staged release, or hidden from the caller, or decided already
  invalid_stage_id,       ///< not a UUID
  tarball_changed,        ///< the stored bytes are not the staged ones
  review_busy,            ///< too many reviews are being computed
  approver_is_stager,     ///< the policy wants another person than the one behind the release
  approver_not_in_group,  ///< the policy names a group
  approved_already,       ///< by the same person; others are awaited
  invalid_stage_policy,
};
Reason reason(StageRefusal refusal);

/// How long a release waits to be decided. Then it is over: nobody can approve it any more, and its
/// number is free again.
inline constexpr Milliseconds kStageLife = std::chrono::days(14);

/// A version that waits for a person's approval. It exists while it is pending: approval, rejection
/// and the end of its time remove it.
struct StagedRelease {
  std::string id;  ///< UUID
  PublishCandidate candidate;
  Publisher publisher;           ///< who staged it: a person, or a trusted publisher's machine
  bool automation = false;       ///< staged through trusted publishing
  boost::json::object run;       ///< of the identity token when automation: pipeline, job, ref
  std::string behind;            ///< user name of the person behind it; empty when unknown
  Access access = Access::open;  ///< the package's, or the one it will have
  /// Why it waits although its publisher may publish directly: a sentence for whoever decides;
  /// empty for what was staged on purpose.
  std::string held_reason;
  Time created;

  Time expires() const { return created + kStageLife; }
  /// The item of npm's stage API, with `expiresAt` and what is known of the run beside npm's own
  /// members. npm prints a member that it does not know as it is, so each is text, a number or a
  /// boolean.
  boost::json::object to_json() const;
};

/// Reserves the version and keeps the candidate. `behind` is the person on whose word it was
/// staged, where known: who holds the credential, or who started the run. `held_reason` says why a
/// direct publish is held back here. In the caller's write transaction; who may stage is `order`'s
/// question (its stage_id is overwritten).
Result<StagedRelease> stage_release(db::Session& session, const PublishCandidate& candidate,
                                    PublishOrder order, const boost::json::object& run,
                                    const std::string& behind, Time now,
                                    const std::string& held_reason = {});

/// A pending release, or stage_not_found. One that is over is pending until it is taken away.
Result<StagedRelease> find_staged(db::Session& session, std::string_view id);
/// Whether the caller may see and decide the releases of a package; strangers are told that there
/// are none.
bool may_decide(db::Session& session, std::string_view package_name, const Caller& caller);
/// The same for somebody who may decide it: everybody else is told that there is none.
Result<StagedRelease> find_staged_for(db::Session& session, std::string_view id,
                                      const Caller& caller);

struct StagedPage {
  std::vector<StagedRelease> items;
  std::int64_t total = 0;
};
/// Pending releases of packages that the caller may write and `reaches` lets through (a limited
/// credential), newest first. What other people's packages have staged costs nothing.
StagedPage staged_releases(db::Session& session, const Caller& caller,
                           const std::optional<std::string>& package_name, std::int64_t page,
                           std::int64_t per_page,
                           const std::function<bool(std::string_view package)>& reaches = {});

/// What became of an approval.
struct Approval {
  std::optional<Published> published;  ///< nothing while more approvals are needed
  StagePolicy policy;
  std::vector<std::string> approvers;  ///< whose approvals count, this one's included
  std::int64_t missing() const;
};
/// Records the approval of `approver`, who must have the right to publish and to approve under the
/// package's policy, and makes the release public when there are enough. Only approvals of people
/// who could still give them count. Racing approvals, rejections and direct publishes of the same
/// version are decided by the transaction: exactly one wins, the others find the release gone.
Result<Approval> approve_staged(db::Session& session, std::string_view id, const Caller& caller,
                                const Person& approver, const ApprovalRights& rights,
                                const RegistryKey& key, Time now);
/// Of the recorded approvals those that count under the policy.
std::vector<std::string> counted_approvals(db::Session& session, const StagedRelease& release,
                                           const StagePolicy& policy, const ApprovalRights& rights);

/// Gives the version number back and forgets the release.
Result<StagedRelease> reject_staged(db::Session& session, std::string_view id,
                                    const Caller& caller);

/// Takes away the oldest of the releases that are over, at most `limit`, and returns them. Of one
/// that cannot be read, that is its id and its candidate's name and version.
Result<std::vector<StagedRelease>> take_expired(db::Session& session, Time now, std::int64_t limit,
                                                Log& log);
/// Whether there are any.
bool any_expired(db::Session& session, Time now);

/// True when a pending release refers to this blob.
bool staged_tarball_in_use(db::Session& session, std::string_view sha512);

std::vector<db::Migration> staging_migrations();

}  // namespace imp::registry
