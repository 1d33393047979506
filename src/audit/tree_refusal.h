#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::audit {

/// Why the audit log's tree does not give what was asked for.
enum class TreeRefusal : std::uint8_t {
  no_key,        ///< the log has no key yet
  not_sealed,    ///< no checkpoint was signed yet
  out_of_range,  ///< a record, size or tile beyond the last checkpoint, or no number at all
  damaged,       ///< records, tiles or checkpoint contradict each other: nothing more is signed
};
Reason reason(TreeRefusal refusal);

}  // namespace imp::audit
