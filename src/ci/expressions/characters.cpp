#include "ci/expressions/characters.h"

#include <algorithm>
#include <cstdint>

namespace imp::ci::expr {

namespace {

constexpr char32_t replacement = U'\uFFFD';

struct Decoded {
  char32_t point = replacement;
  std::size_t length = 1;
};

bool continues(unsigned char byte) { return (byte & 0xC0) == 0x80; }

Decoded decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  char32_t point = lead & (0xFF >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!continues(byte)) return {};
    point = (point << 6) | (byte & 0x3F);
  }
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (overlong || surrogate || point > 0x10FFFF) return {};
  return {point, length};
}

}  // namespace

Characters::Characters(std::string_view text) {
  points_.reserve(text.size());
  while (!text.empty()) {
    const Decoded next = decode(text);
    points_.push_back(next.point);
    text.remove_prefix(next.length);
  }
}

std::string Characters::slice(std::size_t begin, std::size_t end) const {
  std::string text;
  for (std::size_t i = begin; i < std::min(end, size()); ++i) append_utf8(text, points_[i]);
  return text;
}

void append_utf8(std::string& text, char32_t point) {
  const auto byte = [&](char32_t value) { text.push_back(static_cast<char>(value)); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xC0 | (point >> 6));
  } else {
    if (point < 0x10000) {
      byte(0xE0 | (point >> 12));
    } else {
      byte(0xF0 | (point >> 18));
      byte(0x80 | ((point >> 12) & 0x3F));
    }
    byte(0x80 | ((point >> 6) & 0x3F));
  }
  byte(0x80 | (point & 0x3F));
}

std::size_t count_characters(std::string_view text) { return Characters(text).size(); }

}  // namespace imp::ci::expr
