#include "ci/config/scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace imp::ci::config {

namespace {

constexpr std::array<std::string_view, 4> nulls{"~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 9> trues{"true", "True", "TRUE", "yes", "Yes",
                                                "YES",  "on",   "On",   "ON"};
constexpr std::array<std::string_view, 9> falses{"false", "False", "FALSE", "no", "No",
                                                 "NO",    "off",   "Off",   "OFF"};

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::int64_t> integer(std::string_view text) {
  std::string digits;
  if (text.starts_with('+') || text.starts_with('-')) {
    if (text.front() == '-') digits = "-";
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with("0b")) {
    base = 2;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  if (text.empty() || text.front() == '_' || text.front() == '+' || text.front() == '-') return {};
  std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != '_'; });
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value, base);
  if (parsed.ec != std::errc() || parsed.ptr != end) return {};
  return value;
}

/// Digits with one point, an exponent or both parts optional around it: 3.1, .5, 1., 6.02e+23.
std::optional<double> real(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != '_'; });
  if (digits.starts_with('+')) digits.erase(0, 1);
  std::string_view rest = digits;
  if (rest.starts_with('-')) rest.remove_prefix(1);
  if (rest.empty() || !rest.contains('.') || !std::ranges::any_of(rest, is_digit)) return {};
  if (!is_digit(rest.front()) && rest.front() != '.') return {};
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(value)) return {};
  return value;
}

}  // namespace

Scalar resolve_plain(std::string_view text) {
  if (text.empty() || is_one_of(text, nulls)) return Null{};
  if (is_one_of(text, trues)) return true;
  if (is_one_of(text, falses)) return false;
  if (const auto value = integer(text)) return *value;
  if (const auto value = real(text)) return *value;
  return std::string(text);
}

std::string to_text(const Scalar& scalar) {
  if (const bool* boolean = std::get_if<bool>(&scalar)) return *boolean ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&scalar)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&scalar)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&scalar)) return *text;
  return {};
}

}  // namespace imp::ci::config
