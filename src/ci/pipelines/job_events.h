#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ci/pipelines/changes.h"
#include "ci/pipelines/rows.h"
#include "ci/runner/protocol.h"

namespace imp::ci {

/// Applies what a runner reports about a running job: those events that are next in sequence, up
/// to the job's end. Returns the number of the last event that has been applied by now.
std::uint64_t apply_events(db::Session& session, const JobRow& row,
                           const std::vector<runner::Event>& events, Time now, Changes& changes);

/// Ends a running job whose runner is gone: `infrastructure_fail` with this reason, or `canceled`
/// where that was asked for. A runner that comes back cannot go on with it.
void abandon(db::Session& session, const JobRow& row, std::string_view reason, Time now,
             Changes& changes);

/// Steps that nobody will finish any more are canceled.
void end_open_steps(db::Session& session, std::string_view job_id, Time now);

}  // namespace imp::ci
