#pragma once

#include "ci/api/endpoint.h"
#include "ci/pipelines/pipelines.h"

namespace imp::ci {

/// GET /api/v2/project/{slug}/job/{number}/output: what the steps of a job printed.
///
/// As JSON: {"status", "ended", "next", "steps": [{"number", "name", "status", "exit_code",
/// "started_at", "stopped_at", "output"}]}; `?after=<next>` gives only what came later, about a
/// megabyte at a time, and with `?wait=<seconds, at most 60>` waits for it while the job runs.
/// With `Accept: text/event-stream` (the HTML standard's server-sent events): `step` events whose
/// data is such a step without output, `output` events {"step", "text"} with the chunk's number as
/// id, which Last-Event-ID or `after` continues from, and one `end` event {"status"}. A stream that
/// closes without an `end` is to be asked for again: none lasts longer than five minutes.
Result<http::Response> job_output(const Call& call, Pipelines& pipelines, const JobView& view,
                                  const Project& project);

}  // namespace imp::ci
