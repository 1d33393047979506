#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace imp::ci::config {

struct Null {
  bool operator==(const Null&) const = default;
};

/// A YAML scalar by its type.
using Scalar = std::variant<Null, bool, std::int64_t, double, std::string>;

/// The type of an unquoted scalar by YAML 1.1's rules, which CircleCI follows: `yes` and `off` are
/// booleans, `010` is octal. Three things stay strings although YAML 1.1 reads them otherwise:
/// dates, base-60 numbers such as 22:22, and integers beyond 64 bits.
Scalar resolve_plain(std::string_view text);

/// The scalar as the text of an environment variable: true, 42, 3.1, nothing for null.
std::string to_text(const Scalar& scalar);

}  // namespace imp::ci::config
