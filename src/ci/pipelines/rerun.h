#pragma once

#include "accounts/actor.h"
#include "ci/pipelines/controls.h"
#include "ci/pipelines/pipeline.h"
#include "db/database.h"

namespace imp::ci {

/// Inserts the workflow that repeats `workflow`, with its jobs; the caller advances it.
Result<Workflow> make_rerun(db::Session& session, const Workflow& workflow,
                            const RerunRequest& request, const accounts::Actor& by, Time now);

}  // namespace imp::ci
