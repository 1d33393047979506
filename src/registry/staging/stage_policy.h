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

namespace imp::registry {

inline constexpr std::int64_t kMostApprovals = 10;

/// What it takes to publish a staged release of a package. Without a policy: one approval by
/// anybody who may publish it.
struct StagePolicy {
  std::int64_t approvals = 1;     ///< by that many different people
  bool different_person = false;  ///< none of them the one behind the release, where known
  std::string group;              ///< id of the group they must be in; empty: any writer
  bool operator==(const StagePolicy&) const = default;

  /// {"approvals", "differentPerson", "group"}; the group's id, or null.
  boost::json::object to_json() const;
  /// "2 approvals, by somebody else than who is behind it"
  std::string text() const;
};
/// Whether a release could be published under `after` with less than under `before`. Another group
/// is taken for less.
bool is_looser(const StagePolicy& after, const StagePolicy& before);

StagePolicy stage_policy(db::Session& session, std::string_view package_id);

/// A change of a package's policy.
struct PolicyChange {
  Time at;
  std::string person;
  StagePolicy before, after;
};
/// Sets the policy and remembers the change; nothing when it is the same.
std::optional<PolicyChange> change_policy(db::Session& session, std::string_view package_id,
                                          const StagePolicy& policy, const std::string& person,
                                          Time now);
/// Changes since then that made it looser, oldest first.
std::vector<PolicyChange> loosened_since(db::Session& session, std::string_view package_id,
                                         Time since);

/// What is known of people inside the transaction that counts their approvals.
struct ApprovalRights {
  /// Somebody's rights as they are now; anonymous for who is no more.
  std::function<Caller(const std::string& person)> caller;
  std::function<bool(const std::string& person, const std::string& group)> in_group;
};

/// Why this person cannot approve under a policy; nothing when they can. `behind` is the person
/// behind the release, empty when unknown.
Result<void> may_approve(const StagePolicy& policy, const std::string& behind,
                         const std::string& person, const ApprovalRights& rights);

struct RecordedApproval {
  std::string person;
  std::string tag;  ///< dist-tag that it is for; empty: the one staged with
};
/// The approvals of a release, in their order.
std::vector<RecordedApproval> approvals_of(db::Session& session, std::string_view stage_id);
/// False when that person's for this tag is recorded already; one for another tag is replaced.
bool add_approval(db::Session& session, std::string_view stage_id, const RecordedApproval& approval,
                  Time now);
void forget_approvals(db::Session& session, std::string_view stage_id);

db::Migration stage_policy_migration();

}  // namespace imp::registry
