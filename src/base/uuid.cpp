#include "base/uuid.h"

#include <sys/random.h>

#include <array>
#include <cstdlib>

#include "base/encoding.h"

namespace imp {

namespace {

using Raw = std::array<std::uint8_t, 16>;

Raw random_bytes() {
  Raw raw;
  // getrandom of 16 bytes cannot be short or interrupted once the pool is initialised
  // (getrandom(2)).
  if (getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(raw.size())) std::abort();
  return raw;
}

std::string text_of(Raw raw, std::uint8_t version) {
  raw[6] = static_cast<std::uint8_t>((raw[6] & 0x0f) | (version << 4));
  raw[8] = (raw[8] & 0x3f) | 0x80;
  std::string text = hex(raw);
  for (const std::size_t at : {8u, 13u, 18u, 23u}) text.insert(at, 1, '-');
  return text;
}

}  // namespace

std::string new_uuid() { return text_of(random_bytes(), 4); }

std::string new_ordered_uuid(Time now) {
  Raw raw = random_bytes();
  const std::int64_t milliseconds = to_milliseconds(now);
  for (std::size_t i = 0; i < 6; ++i) {
    raw[i] = static_cast<std::uint8_t>(milliseconds >> (8 * (5 - i)));
  }
  return text_of(raw, 7);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return false;
    } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
      return false;
    }
  }
  return true;
}

}  // namespace imp
