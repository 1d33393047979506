#include "mail/one_line.h"

#include <algorithm>

#include "base/clean_text.h"

namespace imp::mail {

namespace {

/// The length of what must not be in a line, at the beginning of well-formed text; 0 for the rest.
std::size_t unwanted(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  if (byte(0) < 0x20 || byte(0) == 0x7F) return 1;
  if (byte(0) == 0xC2 && byte(1) < 0xA0) return 2;   // U+0080 to U+009F
  if (byte(0) == 0xD8 && byte(1) == 0x9C) return 2;  // U+061C
  if (byte(0) != 0xE2) return 0;
  const bool marks = byte(1) == 0x80 && (byte(2) == 0x8E || byte(2) == 0x8F);   // U+200E, U+200F
  const bool breaks = byte(1) == 0x80 && byte(2) >= 0xA8 && byte(2) <= 0xAE;    // U+2028 to U+202E
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;  // U+2066 to U+2069
  return marks || breaks || isolates ? 3 : 0;
}

}  // namespace

std::string one_line(std::string_view text, std::size_t limit) {
  const std::string clean = clean_text(text, limit);
  std::string line;
  bool gap = false;
  for (std::string_view rest = clean; !rest.empty();) {
    const std::size_t skipped = unwanted(rest);
    if (skipped == 0) {
      if (gap && !line.empty() && !line.ends_with(' ')) line += ' ';
      line += rest.front();
    }
    gap = skipped > 0;
    rest.remove_prefix(std::max<std::size_t>(skipped, 1));
  }
  return line;
}

}  // namespace imp::mail
