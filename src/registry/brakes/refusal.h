#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::registry {

/// Why an operator's brake refused something, or could not be set.
enum class BrakeRefusal : std::uint8_t {
  frozen,            ///< an operator has closed the package to changes
  invalid_freeze,    ///< what is to be frozen, or why, is not of the known shape
  freeze_exists,     ///< the very same is frozen already
  freeze_not_found,  ///< no freeze has this id
};
Reason reason(BrakeRefusal refusal);

}  // namespace imp::registry
