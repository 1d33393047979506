#include "base/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace imp {

namespace {

/// The code point that begins here, with its length; length 0 for what is no UTF-8.
struct Point {
  char32_t value = 0;
  std::size_t length = 0;
};
Point point_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  char32_t value = lead & (0x7f >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3f);
  }
  const bool good = (length == 2 || (length == 3 && value >= 0x800) ||
                     (length == 4 && value >= 0x10000 && value <= 0x10ffff)) &&
                    (value < 0xd800 || value > 0xdfff);
  return good ? Point{value, length} : Point{};
}

bool is_hidden(char32_t c) {
  return (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0x061c || c == 0xfeff || c == 0x00ad || c == 0x180e ||
         c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0 || (c >= 0xfe00 && c <= 0xfe0f) ||
         (c >= 0xe0000 && c <= 0xe0fff);
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

bool separates_lines(char32_t c) { return c == 0x2028 || c == 0x2029; }

}  // namespace

std::size_t append_printable(std::string& out, std::string_view text, std::string_view kept) {
  const Point point = point_at(text);
  if (point.length == 0) {
    out += fmt::format("<{:02X}>", static_cast<unsigned char>(text[0]));
    return 1;
  }
  const bool stays = point.length == 1 && kept.contains(text[0]);
  if (!stays &&
      (is_control(point.value) || is_hidden(point.value) || separates_lines(point.value))) {
    out += fmt::format("<U+{:04X}>", static_cast<std::uint32_t>(point.value));
  } else {
    out += text.substr(0, point.length);
  }
  return point.length;
}

std::string printable(std::string_view text, std::string_view kept) {
  std::string out;
  while (!text.empty()) text.remove_prefix(append_printable(out, text, kept));
  return out;
}

bool has_hidden_characters(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  while (!text.empty()) {
    const Point point = point_at(text);
    // Emoji use a joiner and a variation selector, which change no code.
    if (point.length > 0 && is_hidden(point.value) && point.value != 0x200d &&
        !(point.value >= 0xfe00 && point.value <= 0xfe0f)) {
      return true;
    }
    text.remove_prefix(std::max<std::size_t>(point.length, 1));
  }
  return false;
}

}  // namespace imp
