#pragma once

#include <sys/types.h>

#include "app/runner_keeper.h"
#include "base/failure.h"

namespace imp::app {

/// Starts a runner. Its token goes through its standard input: an argument or a variable could be
/// read by others. It gets SIGTERM when the calling thread ends, also by the death of this process.
/// Failure: `runner_failed`.
Result<pid_t> start_runner_process(const RunnerCommand& command);

}  // namespace imp::app
