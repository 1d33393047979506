#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "base/log.h"
#include "http/client.h"

namespace imp::ci::runner {

struct RunnerOptions {
  std::string server_url;           ///< "http://localhost:4873", without a trailing slash
  std::string token;                ///< the runner's own credential; no job ever sees it
  std::string name;                 ///< shown in logs; empty: the host's name
  std::vector<std::string> labels;  ///< resource classes served; empty: any
  unsigned concurrency = 1;         ///< jobs at a time
  std::string work_directory;   ///< absolute; one directory a job below it, removed when it ends
  std::string cache_directory;  ///< absolute; Node versions
  std::string jobtool;          ///< absolute path of the static `circleci` program
  std::vector<std::string> hidden_paths;    ///< never visible in a job: data directory, settings
  std::vector<std::string> readable_paths;  ///< shown read-only beside the system's own directories
  bool network = true;                      ///< jobs share the host's network
  std::uint64_t processes = 4096;           ///< that jobs may have, see Sandbox
  std::uint64_t step_output_limit = 16u << 20;  ///< bytes; the rest is dropped, and the log says so
  std::uint64_t job_output_limit = 64u << 20;   ///< bytes over all steps
};

/// Claims and runs jobs until `stop` is requested; then ends what runs (as `infrastructure_fail`),
/// reports it and returns. Blocks. An outage of the server is survived. Failures: options that
/// cannot work (`bad_options`), no working bubblewrap (`sandbox_unavailable`), a token that the
/// server does not accept (`token_refused`). The caller turns signals into `stop`.
Result<void> run_runner(const RunnerOptions& options, http::Client& client, const Clock& clock,
                        Log& log, std::stop_token stop);

}  // namespace imp::ci::runner
