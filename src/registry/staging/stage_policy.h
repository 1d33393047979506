#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "registry/packages/access.h"
#include "registry/packages/packument.h"

namespace imp::registry {

inline constexpr std::int64_t kMostApprovals = 10;

/// How long a release waits to be decided where no policy says otherwise, and how long one may say.
inline constexpr Milliseconds kStageLife = std::chrono::days(14);
inline constexpr Milliseconds kShortestStageLife = std::chrono::hours(1);
inline constexpr Milliseconds kLongestStageLife = std::chrono::days(90);

/// What it takes to publish a staged release of a package. Without a policy: one approval by
/// anybody who may publish it, within two weeks.
struct StagePolicy {
  std::int64_t approvals = 1;      ///< by that many different people
  bool different_person = false;   ///< none of them the one behind the release
  std::string group;               ///< id of the group they must be in; empty: any writer
  bool passkeys_only = false;      ///< each of them confirmed by a passkey, not by a code
  Milliseconds life = kStageLife;  ///< in which it is decided, or over; whole hours
  /// Of a policy that binding_policy() made: they must be in these groups, too.
  std::vector<std::string> more_groups = {};
  bool operator==(const StagePolicy&) const = default;

  /// {"approvals", "differentPerson", "group", "passkeysOnly", "expiresAfter"}; the group's id, or
  /// null.
  boost::json::object to_json() const;
  /// "2 approvals, by somebody else than who is behind it, within 3 days"; two weeks go without
  /// saying.
  std::string text() const;
};
/// Whether a release could be published under `after` with less than under `before`. Another group
/// is taken for less.
bool is_looser(const StagePolicy& after, const StagePolicy& before);

/// A policy is kept for a package, by its id, and for all packages of an organisation, by this.
std::string scope_policy_key(std::string_view organization_id);
/// The organisation's id of such a key; nothing for a package's.
std::optional<std::string> organization_of_policy_key(std::string_view key);
/// The one that is set and in force there; nothing where none was ever set.
std::optional<StagePolicy> standing_policy(db::Session& session, std::string_view key, Time now);
/// The one that is in force there.
StagePolicy stage_policy(db::Session& session, std::string_view key, Time now);
/// A looser policy that takes the place of the one in force once its cool-down is over.
struct PolicyToCome {
  StagePolicy policy;
  Time from;
};
std::optional<PolicyToCome> policy_to_come(db::Session& session, std::string_view key, Time now);
/// What binds a package: its own policy and its organisation's, the stricter of the two in each
/// respect. One that is not set does not shorten the life that the other gives.
StagePolicy binding_policy(db::Session& session, const Package& package, Time now);
/// Makes the first take what the second takes, too: in each respect the stricter.
void tighten(StagePolicy& policy, const StagePolicy& other);

/// A change of a policy.
struct PolicyChange {
  Time at;
  std::string person;
  StagePolicy before, after;
  Time from;              ///< when `after` is in force
  bool given_up = false;  ///< before that
};
/// Sets the policy and remembers the change; nothing when it is the same, or to come already. One
/// that is looser is in force after the cool-down, and whole: what was set for then before is given
/// up. So setting the policy in force once more keeps it. `unset` is what was in force where none
/// was ever set. What waits keeps taking what it took (policy_history.h), and is over in time
/// (stage_life.h).
std::optional<PolicyChange> change_policy(db::Session& session, std::string_view key,
                                          const StagePolicy& policy, const std::string& person,
                                          Time now, Milliseconds cool_down = Milliseconds(0),
                                          const StagePolicy& unset = {});
/// What is known of people inside the transaction that counts their approvals.
struct ApprovalRights {
  /// Somebody's rights as they are now; anonymous for who is no more.
  std::function<Caller(const std::string& person)> caller;
  std::function<bool(const std::string& person, const std::string& group)> in_group;
};

struct RecordedApproval {
  std::string person;
  std::string tag;          ///< dist-tag that it is for; empty: the one staged with
  bool by_passkey = false;  ///< confirmed by a passkey
};

/// How many people must approve a release under a policy. `behind` is the person behind it, empty
/// when unknown: where the policy wants others, that is one more than it says, so that as many
/// others have approved whichever of them it is.
std::int64_t approvals_needed(const StagePolicy& policy, const std::string& behind);
/// Why an approval cannot be given under a policy; nothing when it can. `behind` is the person
/// behind the release, empty when unknown.
Result<void> may_approve(const StagePolicy& policy, const std::string& behind,
                         const RecordedApproval& approval, const ApprovalRights& rights);

/// The approvals of a release, in their order.
std::vector<RecordedApproval> approvals_of(db::Session& session, std::string_view stage_id);
/// False when that person's for this tag is recorded already; one for another tag, or by a code
/// when this one is by a passkey, is replaced.
bool add_approval(db::Session& session, std::string_view stage_id, const RecordedApproval& approval,
                  Time now);
void forget_approvals(db::Session& session, std::string_view stage_id);

db::Migration stage_policy_migration();
db::Migration policy_cool_down_migration();
db::Migration passkey_policy_migration();

}  // namespace imp::registry
