#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace imp::ci::expr {

/// A variable that exists but has no value in this pipeline, and whatever was computed from one.
struct Undefined {
  bool operator==(const Undefined&) const = default;
};

/// A regular expression literal, RE2 syntax, known to compile.
struct Pattern {
  std::string source;
  bool operator==(const Pattern&) const = default;
};

using Value = std::variant<Undefined, bool, std::int64_t, std::string, Pattern>;

/// Only false and undefined are falsy: 0 and "" are true.
bool truthy(const Value& value);

inline bool is_undefined(const Value& value) { return std::holds_alternative<Undefined>(value); }

/// The value as text in a template: decimal digits, true or false, the string itself, a pattern's
/// source, nothing for undefined.
std::string to_text(const Value& value);

}  // namespace imp::ci::expr
