#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "db/database.h"
#include "registry/packages/packument.h"
#include "registry/staging/policy_history.h"

namespace imp::registry {

/// How long staged releases wait to be decided, by the policies of their package and of its
/// organisation (StagePolicy::life). Where neither has one, for kStageLife.

/// "14d" or "36h", as the API and the pages take and give it.
std::string short_text(Milliseconds life);
/// Reads it; nothing for what is not whole hours from kShortestStageLife to kLongestStageLife.
std::optional<Milliseconds> parse_life(std::string_view text);
/// What is allowed, in words.
std::string allowed_lives();
/// "14 days", "1 hour"
std::string life_text(Milliseconds life);

/// When a release of the package that waits since then is over: the earliest that a policy which
/// was, is or is known to come in force since gives. One that comes into force later
/// ends nothing before it does.
Time end_of_release(db::Session& session, const Package& package, const WaitingSince& since);

/// Sets anew when what waits is over, after a policy with this key has changed. Costs what waits
/// there.
void settle_ends(db::Session& session, std::string_view key);

db::Migration stage_life_migration();

}  // namespace imp::registry
