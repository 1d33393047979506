#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::verify {

/// Why there is nothing to check a version with.
enum class VerifyRefusal : std::uint8_t {
  registry_answer,  ///< the registry answers another status than asked for, or no JSON
  not_verified,     ///< what it answers does not hold
};
Reason reason(VerifyRefusal refusal);

}  // namespace imp::verify
