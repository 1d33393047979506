#pragma once

#include <cstdint>
#include <string>

#include "ci/runner/sandbox.h"
#include "ci/runner/step_log.h"

namespace imp::ci::runner {

/// What the steps of one job share.
struct JobPlace {
  const Sandbox& sandbox;
  const JobDirectories& directories;
  const JobTicket& ticket;
  std::string node;  ///< host directory of the Node toolchain; empty: none
};

struct StepEnd {
  StepOutcome outcome = StepOutcome::success;
  std::optional<std::int32_t> exit_code;
  bool out_of_time = false;  ///< the job's own limit, not the step's
};

/// How a program's end reads as a step's, with the line about it that the log ends with.
StepEnd step_end(const ProcessEnd& end, const Watch& watch, const JobTicket& ticket, StepLog& log);

/// Runs one `run` step to its end: its command in a file, given to the shell. `watch` already holds
/// the job's limits; the step's silence limit is added, except in the background, where servers may
/// be silent. Failure: the runner's own trouble, not the step's.
Result<StepEnd> run_step(const JobPlace& place, const Run& run, std::uint32_t step, Watch watch,
                         StepLog& log);

}  // namespace imp::ci::runner
