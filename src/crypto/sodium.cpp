#include "crypto/sodium.h"

#include <sodium.h>

#include <stdexcept>

namespace imp::crypto {

void ensure_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) throw std::runtime_error("libsodium: the system's random source cannot be used");
}

}  // namespace imp::crypto
