#include "ci/expressions/value.h"

namespace imp::ci::expr {

bool truthy(const Value& value) {
  if (const bool* boolean = std::get_if<bool>(&value)) return *boolean;
  return !is_undefined(value);
}

std::string to_text(const Value& value) {
  if (const bool* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* pattern = std::get_if<Pattern>(&value)) return pattern->source;
  return {};
}

}  // namespace imp::ci::expr
