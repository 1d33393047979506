#include "base/clean_text.h"

#include <algorithm>

#include "base/encoding.h"

namespace imp {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

// The length of the well-formed character the text begins with, 0 when there is none.
std::size_t character_length(std::string_view text) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    if (is_utf8(text.substr(0, length))) return text.front() == '\0' ? 0 : length;
  }
  return 0;
}

std::string well_formed(std::string_view text) {
  if (is_utf8(text) && !text.contains('\0')) return std::string(text);
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    clean += length > 0 ? text.substr(0, length) : kReplacement;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t limit) {
  // A replacement has at most three bytes for one, so what is beyond the limit cannot come back in.
  std::string clean = well_formed(text.substr(0, limit + 4));
  if (clean.size() <= limit && text.size() <= limit + 4) return clean;
  std::size_t end = std::min(clean.size(), limit - kEllipsis.size());
  while (end > 0 && end < clean.size() && (clean[end] & 0xC0) == 0x80) --end;
  return clean.substr(0, end) + std::string(kEllipsis);
}

}  // namespace imp
