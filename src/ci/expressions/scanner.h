#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "ci/expressions/error.h"
#include "ci/expressions/token.h"

namespace imp::ci::expr {

/// The tokens of an expression, ending with one of type `end`; or the first error.
std::expected<std::vector<Token>, Error> scan(std::string_view text);

}  // namespace imp::ci::expr
