#include "ci/contexts/variable_name.h"

#include <algorithm>

namespace imp::ci {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The start of the last `count` characters (not bytes) of well-formed UTF-8.
std::size_t tail_start(std::string_view text, int count) {
  std::size_t at = text.size();
  while (at > 0 && count > 0) {
    --at;
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) --count;
  }
  return at;
}

}  // namespace

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.size() <= variable_name_limit && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); });
}

std::string masked(std::string_view value) {
  constexpr std::size_t shortest_with_tail = 8;
  if (value.size() < shortest_with_tail) return "xxxx";
  return "xxxx" + std::string(value.substr(tail_start(value, 4)));
}

}  // namespace imp::ci
