#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::dsse {

/// Why a signed statement cannot be read.
enum class DsseRefusal : std::uint8_t {
  malformed_envelope,
  malformed_statement,
};
Reason reason(DsseRefusal refusal);

}  // namespace imp::dsse
