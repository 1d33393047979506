#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "db/database.h"
#include "registry/staging/stage_decision.h"

namespace imp::registry {

/// Who is told what happens to staged releases: webhooks, and who listens to the stream of events.
/// Each call belongs into the transaction of what it tells: what is rolled back is told to nobody.
/// Once that is durable, StageFeed::changed() wakes the listeners.

/// It was staged, or is held back.
void tell_of_stage(db::Session& session, const StagedRelease& release, Time now);
/// Each approval is told; the one that was enough made the version public, too.
void tell_of_approval(db::Session& session, const StagedRelease& release,
                      const std::string& approver, const Approval& approval, Time now);
/// It was rejected, withdrawn or is over.
void tell_of_end(db::Session& session, const StageOutcome& outcome, Time now);

}  // namespace imp::registry
