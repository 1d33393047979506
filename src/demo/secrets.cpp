#include "demo/secrets.h"

#include <algorithm>

namespace imp::demo {

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

bool is_hex(std::string_view word) {
  return std::ranges::all_of(
      word, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// How many characters of a word may be shown, given what stands before it.
std::size_t shown(std::string_view before, std::string_view word) {
  constexpr std::size_t least_token = 20;
  constexpr std::size_t recovery_code = 64;
  if (before.ends_with("\"password\":\"") || before.ends_with("password: ")) return 0;
  if (before.ends_with("secret=")) return 4;
  if (word.size() >= least_token && (word.starts_with("imp_") || word.starts_with("eyJ"))) return 8;
  if (word.size() == recovery_code && is_hex(word)) return 6;
  return word.size();
}

}  // namespace

std::string shorten_secrets(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      out += text[at++];
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    const std::size_t kept = shown(text.substr(0, at), word);
    out += word.substr(0, kept);
    if (kept < word.size()) out += "…";
    at = end;
  }
  return out;
}

}  // namespace imp::demo
