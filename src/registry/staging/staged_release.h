#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "registry/packages/access.h"
#include "registry/publish/candidate.h"
#include "registry/publish/commit.h"
#include "registry/staging/policy_history.h"
#include "registry/staging/stage_policy.h"
#include "registry/trust/providers/provider.h"

namespace imp::registry {

enum class StageRefusal : std::uint8_t {
  stage_not_found,        ///< no such staged release, or hidden from the caller, or decided already
  invalid_stage_id,       ///< not a UUID
  tarball_changed,        ///< the stored bytes are not the staged ones
  review_busy,            ///< too many reviews are being computed
  approver_is_stager,     ///< the policy wants another person than the one behind the release
  approver_not_in_group,  ///< the policy names a group
  passkey_required,       ///< the policy wants a passkey, and a code was given
  approved_already,       ///< by the same person; others are awaited
  invalid_stage_policy,
  invalid_decision,      ///< a decision's body: its tag or its reason
  not_the_stager,        ///< only whoever staged it withdraws it
  invalid_stage_events,  ///< a filter or a Last-Event-ID that is none
  too_many_listeners,    ///< one person has as many streams as they may
  too_many_staged,       ///< kMostStaged of the package wait
};
Reason reason(StageRefusal refusal);

/// So many releases of one package wait at most: each keeps a tarball, and somebody has to look at
/// it.
inline constexpr std::int64_t kMostStaged = 100;

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
  std::int64_t policy_change = 0;  ///< WaitingSince::change
  /// Then it is over: nobody can approve it any more, and its number is free again. A policy that
  /// becomes stricter makes it earlier (stage_life.h).
  Time expires;

  /// Of the run; null when it was no trusted publisher's, or its provider is not known.
  const trust::Provider* provider() const;
  /// Whose machine the run was on (trust::runner_class); empty when that is not known.
  std::string runner() const;
  /// The item of npm's stage API, with `expiresAt` and what is known of the run beside npm's own
  /// members. npm prints a member that it does not know as it is, so each is text, a number or a
  /// boolean.
  boost::json::object to_json() const;
  WaitingSince waiting_since() const { return {policy_change, created}; }
};

/// Reserves the version and keeps the candidate. `behind` is the person on whose word it was
/// staged, where known: who holds the credential, or who started the run. `held_reason` says why a
/// direct publish is held back here. In the caller's write transaction; who may stage is `order`'s
/// question (its stage_id is overwritten). too_many_staged when kMostStaged of the package wait.
Result<StagedRelease> stage_release(db::Session& session, const PublishCandidate& candidate,
                                    PublishOrder order, const boost::json::object& run,
                                    const std::string& behind, Time now,
                                    const std::string& held_reason = {});

/// A pending release, or stage_not_found. One that is over is pending until it is taken away.
Result<StagedRelease> find_staged(db::Session& session, std::string_view id);
/// Whether the caller may see and decide the releases of a package; strangers are told that there
/// are none.
bool may_decide(db::Session& session, std::string_view package_name, const Caller& caller);
/// The same for somebody who may decide it, who is also told what became of one that is decided:
/// everybody else is told that there is none.
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

/// How many staged_releases() has for a caller whose credential is not limited, counted up to
/// `most`: nothing is read of them.
std::int64_t count_staged(db::Session& session, const Caller& caller, std::int64_t most);

/// Takes one away, with its approvals. Its version is given back unless it was published.
void forget_staged(db::Session& session, const StagedRelease& release);

/// True when a pending release refers to this blob.
bool staged_tarball_in_use(db::Session& session, std::string_view sha512);

std::vector<db::Migration> staging_migrations();

}  // namespace imp::registry
