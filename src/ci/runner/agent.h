#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "ci/runner/job_run.h"

namespace imp::ci::runner {

struct AgentOptions {
  std::vector<std::string> labels;
  std::uint32_t poll_seconds = 30;  ///< how long one claim waits at the server
  LinkTimes times;
  Milliseconds farewell{
      5000};  ///< after a stop: how long to try to report the jobs that were ended
};

/// One slot of a runner: claims a job, runs it, reports it, and again. Ends when `stop` is
/// requested, or with the failure `token_refused`.
Result<void> serve_slot(const AgentOptions& options, const JobSettings& settings,
                        const ServerLink& server, NodeToolchains& toolchains, const Clock& clock,
                        Log& log, const std::stop_token& stop);

}  // namespace imp::ci::runner
