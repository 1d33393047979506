#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"

namespace imp::ci {

struct GitOutput {
  int exit_code = 0;
  std::string out;    ///< standard output
  std::string error;  ///< standard error, for logs only
};

struct GitCall {
  std::vector<std::string> arguments;  ///< after "git"
  std::size_t output_limit = 4 << 20;  ///< bytes of standard output; more ends the call
  Milliseconds timeout{30000};
};

/// Runs git without a shell, with a fixed environment (no system or user configuration, no prompt).
/// Any exit code is a success here; failures are: git cannot be started, too much output, timeout.
Result<GitOutput> run_git(const GitCall& call);

}  // namespace imp::ci
