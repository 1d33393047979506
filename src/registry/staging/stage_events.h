#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "db/database.h"

namespace imp::registry {

/// How long an event is kept for listeners that come back.
inline constexpr Milliseconds kStageEventLife = std::chrono::days(7);

/// What happens to a staged release.
enum class StageEventKind : std::uint8_t {
  staged,    ///< it waits for approval
  held,      ///< the same, of a direct publish that a limit holds back
  approval,  ///< somebody approved it; perhaps others still must
  approved,  ///< the approval that was enough: its version is public
  rejected,
  withdrawn,
  expired
};
std::string_view name(StageEventKind kind);

/// An event's number: grows with each event, is never given again, and begins with the time
/// (milliseconds since 1970 times 1024), so that how far two are apart does not tell what happened
/// in between.
using StageEventId = std::int64_t;

struct StageEvent {
  StageEventId id = 0;
  std::string package_name;
  std::string kind;  ///< name() of a StageEventKind
  std::string data;  ///< one line: a JSON object
};

/// Adds one, in the transaction of what it tells. `data` gets "package" and "at".
void record_stage_event(db::Session& session, std::string_view package_name, StageEventKind kind,
                        boost::json::object data, Time now);

/// Where to begin for what happens from now on: every event that this snapshot shows is at or
/// before it, every later one after it.
StageEventId stage_events_now(db::Session& session, Time now);
/// Whether events after this one may be forgotten, or it is none of this database's.
bool is_gap(db::Session& session, StageEventId after, Time now);

/// Which packages' events; without either: all.
struct StageEventFilter {
  std::string package_name;  ///< "@acme/lib"
  std::string scope;         ///< "acme", without the @
};
/// "acme" of "@acme/lib"; empty for a name without a scope.
std::string scope_of_package(std::string_view package_name);
/// What is cheap to know of an event.
struct StageEventHead {
  StageEventId id = 0;
  std::string package_name;
};
/// The next ones after `after`, in order, at most `limit`. A filter costs what it lets through.
std::vector<StageEventHead> stage_events_after(db::Session& session, StageEventId after,
                                               const StageEventFilter& filter, std::int64_t limit);
std::optional<StageEvent> find_stage_event(db::Session& session, StageEventId id);

/// Whether some are older than they are kept, and their end, at most `limit` at a time. The last
/// one stays, for the next one's number.
bool any_old_stage_event(db::Session& session, Time now);
std::int64_t forget_old_stage_events(db::Session& session, Time now, std::int64_t limit);

db::Migration stage_event_migration();

}  // namespace imp::registry
