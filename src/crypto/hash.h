#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/encoding.h"

namespace imp::crypto {

using Sha1 = std::array<std::uint8_t, 20>;
using Sha256 = std::array<std::uint8_t, 32>;
using Sha512 = std::array<std::uint8_t, 64>;

Sha1 sha1(ByteView bytes);
Sha256 sha256(ByteView bytes);
Sha512 sha512(ByteView bytes);
inline std::string sha256_hex(std::string_view text) { return hex(sha256(bytes_of(text))); }

/// HMAC-SHA-256 (RFC 2104).
Sha256 hmac_sha256(ByteView key, ByteView message);

/// A digest fed piece by piece.
class Sha512Stream {
 public:
  Sha512Stream();
  ~Sha512Stream();
  Sha512Stream(Sha512Stream&&) noexcept;
  Sha512Stream& operator=(Sha512Stream&&) noexcept;
  void update(ByteView bytes);
  Sha512 finish();  ///< once

 private:
  struct State;
  std::unique_ptr<State> state_;
};
class Sha1Stream {
 public:
  Sha1Stream();
  ~Sha1Stream();
  Sha1Stream(Sha1Stream&&) noexcept;
  Sha1Stream& operator=(Sha1Stream&&) noexcept;
  void update(ByteView bytes);
  Sha1 finish();  ///< once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Compares secrets in time that depends on the lengths alone.
bool equal_in_constant_time(ByteView a, ByteView b);
inline bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return equal_in_constant_time(bytes_of(a), bytes_of(b));
}

}  // namespace imp::crypto
