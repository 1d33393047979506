#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace imp::tlog {

/// One or more ASCII digits and nothing else.
inline std::optional<std::uint64_t> parse_digits(std::string_view text) {
  std::uint64_t value = 0;
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

/// The same, without leading zeroes but for "0": the one way in which C2SP's texts write a number.
/// Sizes and indices stay below 2^63, which is what the database can count.
inline std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  const auto value = parse_digits(text);
  return value && *value <= INT64_MAX ? value : std::nullopt;
}

}  // namespace imp::tlog
