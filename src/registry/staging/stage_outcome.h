#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

/// How a staged release ended.
enum class StageEnd : std::uint8_t {
  approved,
  rejected,
  withdrawn,  ///< by whoever staged it
  expired
};
std::string_view name(StageEnd end);

/// How long it is remembered what became of a staged release.
inline constexpr Milliseconds kOutcomeLife = std::chrono::days(30);
inline constexpr std::size_t kLongestReason = 1000;  ///< bytes

/// What became of a staged release, as release tools and people ask for it afterwards.
struct StageOutcome {
  std::string id;
  std::string package_name;
  std::string version;
  StageEnd end = StageEnd::rejected;
  std::string by;      ///< user name, or the machine's that withdrew it; empty when it expired
  std::string reason;  ///< in the words of who rejected it; may be empty
  std::string tag;     ///< the dist-tag that it was staged with or, approved, published under
  Time at;
  std::string publisher_id;  ///< Publisher::Trusted::config_id; empty: a person staged it
  boost::json::object run;   ///< of the identity token that staged it
  boost::json::object item;  ///< StagedRelease::to_json() from before it ended

  /// npm's item with what became of it: `status`, `decidedAt`, `decidedBy`, `reason`. npm prints
  /// `status` beside the version.
  boost::json::object to_json() const;
  /// "approved by alice on 2026-10-01T12:00:00.000Z"
  std::string text() const;
};

/// Who ended it, with which words.
struct Ending {
  StageEnd end = StageEnd::rejected;
  std::string by = {};
  std::string reason = {};
  std::string tag = {};  ///< published under; empty: the one staged with
};
StageOutcome record_outcome(db::Session& session, const StagedRelease& release,
                            const Ending& ending, Time now);

std::optional<StageOutcome> find_outcome(db::Session& session, std::string_view id);
/// Of one package, the last first.
std::vector<StageOutcome> outcomes_of(db::Session& session, std::string_view package_name,
                                      std::int64_t limit);
/// Whether some are older than they are kept, and their end, at most `limit` at a time.
bool any_old_outcome(db::Session& session, Time now);
std::int64_t forget_old_outcomes(db::Session& session, Time now, std::int64_t limit);

/// stage_not_found, with what became of it for those who may know.
std::unexpected<Failure> no_staged_release(const StageOutcome* outcome = nullptr);

db::Migration stage_outcome_migration();
db::Migration stage_outcome_run_migration();

}  // namespace imp::registry
