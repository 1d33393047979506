#include "ci/config/conditions.h"

#include <fmt/format.h>

#include "ci/config/values.h"
#include "ci/expressions/evaluate.h"

namespace imp::ci::config {

std::optional<bool> evaluate_condition(Report& report, const Place& place, std::string_view text,
                                       const expr::Environment& environment) {
  if (!report.use_patterns(place, patterns_at_most(text))) return {};
  const auto expression = expr::parse(text);
  if (!expression) {
    report.error(ConfigRefusal::bad_expression, place, expression.error().message(text));
    return {};
  }
  const auto value = expr::evaluate(*expression, environment, expr::Mode::filter);
  if (!value) {
    report.error(ConfigRefusal::bad_expression, place, value.error().message(text));
    return {};
  }
  return expr::truthy(*value);
}

std::optional<bool> read_condition(Report& report, const Place& place,
                                   const expr::Environment& environment) {
  const Node& node = *place.node;
  if (!node.scalar()) {
    report.error(ConfigRefusal::unsupported_key, place,
                 "Logic statements (and, or, not, equal, matches) are not supported by this "
                 "version; write the condition as an expression, such as "
                 "pipeline.git.branch == \"main\".");
    return {};
  }
  if (const std::string* text = node.string()) {
    if (node.templated) return !text->empty();
    return evaluate_condition(report, place, *text, environment);
  }
  if (const bool* literal = std::get_if<bool>(node.scalar())) return *literal;
  if (const auto* number = std::get_if<std::int64_t>(node.scalar())) return *number != 0;
  if (const auto* number = std::get_if<double>(node.scalar())) return *number != 0;
  return false;
}

}  // namespace imp::ci::config
