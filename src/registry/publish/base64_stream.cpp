#include "registry/publish/base64_stream.h"

#include <array>

namespace imp::registry {
namespace {

constexpr std::uint8_t kInvalid = 0xff;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> out{};
  out.fill(kInvalid);
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return out;
}();

}  // namespace

// The common case: four characters, three bytes, no padding.
std::uint8_t* Base64Stream::whole_groups(const char*& at, const char* end, std::uint8_t* to) {
  const std::uint8_t* const values = kValues.data();
  const char* from = at;
  while (end - from >= 4) {
    const std::uint32_t a = values[static_cast<unsigned char>(from[0])];
    const std::uint32_t b = values[static_cast<unsigned char>(from[1])];
    const std::uint32_t c = values[static_cast<unsigned char>(from[2])];
    const std::uint32_t d = values[static_cast<unsigned char>(from[3])];
    if (((a | b | c | d) & 0xc0) != 0) break;
    to[0] = static_cast<std::uint8_t>(a << 2 | b >> 4);
    to[1] = static_cast<std::uint8_t>(b << 4 | c >> 2);
    to[2] = static_cast<std::uint8_t>(c << 6 | d);
    to += 3;
    from += 4;
  }
  position_ += static_cast<std::uint64_t>(from - at);
  at = from;
  return to;
}

bool Base64Stream::write(std::string_view text, Bytes& out) {
  const std::size_t start = out.size();
  out.resize(start + (text.size() + 3) / 4 * 3 + 3);
  std::uint8_t* to = out.data() + start;
  const char* at = text.data();
  const char* const end = at + text.size();
  bool good = true;
  while (at != end) {
    if (held_ == 0 && !ended_) to = whole_groups(at, end, to);
    if (at == end) break;
    const char c = *at++;
    const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
    if (value != kInvalid && padding_ == 0 && !ended_) {
      group_ = group_ << 6 | value;
    } else if (c == '=' && held_ >= 2 && !ended_) {
      group_ <<= 6;
      ++padding_;
    } else {
      good = false;
      break;
    }
    ++position_;
    if (++held_ < 4) continue;
    // Bits below the last byte must be zero: one text for one content.
    if ((padding_ == 1 && (group_ & 0xff) != 0) || (padding_ == 2 && (group_ & 0xffff) != 0)) {
      good = false;
      break;
    }
    *to++ = static_cast<std::uint8_t>(group_ >> 16);
    if (padding_ < 2) *to++ = static_cast<std::uint8_t>(group_ >> 8);
    if (padding_ < 1) *to++ = static_cast<std::uint8_t>(group_);
    ended_ = padding_ > 0;
    group_ = 0;
    held_ = 0;
    padding_ = 0;
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
  return good;
}

}  // namespace imp::registry
