#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::app {

/// Why the program cannot do what its command line asks.
enum class AppRefusal : std::uint8_t {
  no_data,        ///< the data directory is absent or unusable
  data_in_use,    ///< another server uses the data directory
  audit_damaged,  ///< the audit log is not what was written
  runner_failed,  ///< the runner could not be started
};
Reason reason(AppRefusal refusal);

}  // namespace imp::app
