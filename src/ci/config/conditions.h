#pragma once

#include <optional>
#include <string_view>

#include "ci/config/report.h"
#include "ci/expressions/environment.h"

namespace imp::ci::config {

/// Whether the expression at this place is truthy; an error is reported.
std::optional<bool> evaluate_condition(Report& report, const Place& place, std::string_view text,
                                       const expr::Environment& environment);

/// A workflow's `when` or `unless`: an expression, or a literal (true, false, or what one `<< >>`
/// tag came to, where "", 0 and nothing are false).
std::optional<bool> read_condition(Report& report, const Place& place,
                                   const expr::Environment& environment);

}  // namespace imp::ci::config
