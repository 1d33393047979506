#include "crypto/random.h"

#include <sodium.h>

#include <array>

#include "crypto/sodium.h"

namespace imp::crypto {

namespace {

class SystemRandom final : public Random {
 public:
  SystemRandom() { ensure_sodium(); }
  void fill(std::span<std::uint8_t> out) override {
    if (!out.empty()) randombytes_buf(out.data(), out.size());
  }
};

std::string characters(Random& random, std::size_t length, std::string_view alphabet) {
  // Bytes from the last, incomplete run of the alphabet are thrown away: taking them modulo its
  // length would make its first characters likelier.
  const std::size_t fair = 256 - 256 % alphabet.size();
  std::string out;
  out.reserve(length);
  std::array<std::uint8_t, 64> batch;
  while (out.size() < length) {
    random.fill(batch);
    for (const std::uint8_t byte : batch) {
      if (byte < fair && out.size() < length) out += alphabet[byte % alphabet.size()];
    }
  }
  return out;
}

}  // namespace

Bytes Random::bytes(std::size_t count) {
  Bytes out(count);
  fill(out);
  return out;
}

std::string Random::alphanumeric(std::size_t length) {
  return characters(*this, length,
                    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

std::string Random::digits(std::size_t length) { return characters(*this, length, "0123456789"); }

Random& system_random() {
  static SystemRandom random;
  return random;
}

}  // namespace imp::crypto
