#pragma once

#include <cstddef>
#include <optional>

#include "base/clock.h"

namespace imp {

/// How long to wait before a delivery that failed is tried again: 5 seconds after its first
/// attempt, then a minute, 5, 30, two hours, 6 and 12. Nothing after the eighth, which is most of a
/// day after the first: it is given up. `attempts` are those made, at least 1.
std::optional<Milliseconds> retry_after(std::size_t attempts);

}  // namespace imp
