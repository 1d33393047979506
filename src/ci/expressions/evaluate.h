#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "ci/expressions/environment.h"
#include "ci/expressions/error.h"
#include "ci/expressions/expression.h"
#include "ci/expressions/value.h"

namespace imp::ci::expr {

enum class Mode : std::uint8_t {
  filter,       ///< filters, when, unless, templates: an unset variable is undefined and spreads
  restriction,  ///< context restrictions: touching an unset variable is an unknown_variable error
};

/// The expression's value. `and` and `or` evaluate their right side only when they need it, and
/// return an operand; everything else that has an undefined operand is undefined, but for `not`.
std::expected<Value, Error> evaluate(const Expression& expression, const Environment& environment,
                                     Mode mode);

/// What a context restriction says.
struct Verdict {
  bool allowed = false;
  std::optional<Error> error;  ///< why it could not be computed; never set when allowed
};

/// Evaluates in restriction mode and fails closed: only a truthy value allows.
Verdict judge(const Expression& restriction, const Environment& environment);

}  // namespace imp::ci::expr
