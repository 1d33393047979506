#pragma once

namespace imp::crypto {

/// Private to crypto/: makes libsodium ready. To be called before any use of it; cheap and
/// thread-safe after the first time. Throws std::runtime_error when the system has no randomness.
void ensure_sodium();

}  // namespace imp::crypto
