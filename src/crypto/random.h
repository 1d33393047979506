#pragma once

#include <cstddef>
#include <string>

#include "base/encoding.h"

namespace imp::crypto {

/// The injected source of randomness: the system's in production, a counted one in tests.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
  Bytes bytes(std::size_t count);
  /// `length` characters of [0-9A-Za-z], each equally likely (log2(62) bits a character).
  std::string alphanumeric(std::size_t length);
  /// `length` decimal digits.
  std::string digits(std::size_t length);
};

/// libsodium's generator; thread-safe.
Random& system_random();

}  // namespace imp::crypto
