#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "ci/config/report.h"
#include "ci/config/scalar.h"
#include "ci/expressions/environment.h"

namespace imp::ci::config {

inline constexpr std::size_t max_tag_length = 2048;  ///< characters between `<<` and `>>`

/// The `<< >>` layer of version 2.1:
///
///     << expression >>                       its value
///     <<# name >> ... <</ name >>            the body, where the name's value is truthy
///     <<^ name >> ... <</ name >>            the body, where it is not
///     \<<                                    the characters <<
///     \\<< expression >>                     a backslash, then the value
///
/// A text that is exactly one tag keeps the value's type; otherwise everything is joined as text.
/// Sections are false for "", 0, false and undefined. The error is CircleCI's message.
std::expected<Scalar, std::string> render(std::string_view text,
                                          const expr::Environment& environment);

/// Renders every text value below the place; keys are left alone. What cannot be rendered is
/// reported and left as it is. `budget` is how many bytes rendering may still produce: a long
/// parameter used often must not fill the memory.
NodePtr render_tree(Report& report, const Place& place, const expr::Environment& environment,
                    std::size_t& budget);

}  // namespace imp::ci::config
