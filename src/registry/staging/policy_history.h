#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "db/database.h"
#include "registry/packages/packument.h"
#include "registry/staging/stage_policy.h"

namespace imp::registry {

// What policies were while releases waited.
//
// Which change came after which staging is an order of events and not of clock readings: a clock
// that was set back would let a policy that is loosened now look like one that was loosened before
// the release came, and free it. So the database numbers the changes of all policies, and a release
// keeps the number of the newest when it was staged. Both are written by writers that the database
// lets in one after the other.

/// Since when a release waits.
struct WaitingSince {
  std::int64_t change = 0;  ///< the number of the newest change of any policy by then
  Time created;             ///< by the clock as it went then
};
/// The number of the newest change of any policy; 0 before the first.
std::int64_t newest_policy_change(db::Session& session);

/// The changes of one policy, for releases that wait since the one it was read for, or later.
class PolicyHistory {
 public:
  /// Costs the changes since then, and one.
  static PolicyHistory of(db::Session& session, std::string_view key, std::int64_t change);

  /// What was in force when it was staged; nothing where none was set by then.
  std::optional<StagePolicy> at(const WaitingSince& then) const;
  /// The changes that were made since, or were to come then, in the order they were made.
  std::vector<PolicyChange> since(const WaitingSince& then) const;

 private:
  struct Numbered {
    std::int64_t number;
    PolicyChange change;
  };
  std::vector<Numbered> changes_;
};

/// What binds a release of the package that waits since then: what binds the package now, and also
/// what was in force when it was staged and before each change since, so that nothing that waits is
/// freed by a policy that becomes looser.
StagePolicy binding_policy_since(db::Session& session, const Package& package,
                                 const WaitingSince& since, Time now);

/// Keeps a change of a policy, as the newest of all.
void record_change(db::Session& session, std::string_view key, const PolicyChange& change);
/// The newest change of this policy, which was to come, does not.
void give_up_newest_change(db::Session& session, std::string_view key);

db::Migration policy_order_migration();

}  // namespace imp::registry
