#pragma once

#include <string_view>

#include "base/failure.h"

namespace imp::registry {

/// Success when `tag` can name a version: 1 to 100 printable ASCII characters without blanks and
/// without those that a URL or a spec would misread (/ \ @ % ? # & = : and quotes), and not a range
/// of versions. The refusal says what is wrong.
Result<void> check_dist_tag(std::string_view tag);

}  // namespace imp::registry
