#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::tlog {

/// Why a text of a transparency log is refused.
enum class LogRefusal : std::uint8_t {
  malformed,   ///< no signed note, checkpoint, proof or verifier key by its specification
  untrusted,   ///< signed by none of the keys that are trusted, or by one of them wrongly
  false_proof  ///< what the proof says does not follow from its hashes
};
Reason reason(LogRefusal refusal);

}  // namespace imp::tlog
