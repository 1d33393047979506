#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::ci::runner {

enum class RunnerRefusal : std::uint8_t {
  malformed_message,      ///< a protocol message that breaks a rule of protocol.h
  server_unreachable,     ///< no answer, or 5xx / 429
  token_refused,          ///< the server does not know the runner's own token
  server_refused,         ///< the server said no; its sentence is the message
  lease_lost,             ///< the job belongs to nobody or to another runner by now
  sandbox_unavailable,    ///< bubblewrap is missing or not permitted here
  workspace_failed,       ///< a directory or file of the job cannot be made
  process_failed,         ///< a program cannot be started
  checkout_failed,        ///< the repository or revision cannot be fetched
  toolchain_unavailable,  ///< no Node for the image
  socket_failed,          ///< the job's socket cannot be made
  bad_options,            ///< the runner was started with settings that cannot work
};

Reason reason(RunnerRefusal refusal);

}  // namespace imp::ci::runner
