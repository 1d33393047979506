#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/failure.h"

namespace imp::crypto {

enum class SealRefusal { wrong_key_or_damaged, bad_key_file };
Reason reason(SealRefusal refusal);

/// Seals secrets at rest (context values, private keys, TOTP secrets) under the master key:
/// XChaCha20-Poly1305 with a random nonce. Thread-safe.
class Sealer {
 public:
  /// A key of 32 bytes.
  explicit Sealer(ByteView key);
  ~Sealer();
  Sealer(Sealer&&) noexcept;

  /// The sealed text is printable (base64url with a version prefix). `purpose` is authenticated
  /// with it ("context-variable/<id>"), so that a sealed value cannot be moved to another row.
  std::string seal(std::string_view secret, std::string_view purpose) const;
  Result<std::string> open(std::string_view sealed, std::string_view purpose) const;

 private:
  struct Key;
  std::unique_ptr<Key> key_;
};

/// Reads the master key file (64 hexadecimal digits), or makes one with mode 0600 when it is absent
/// and `create` is set. A file that others can read is refused.
Result<Sealer> load_master_key(const std::string& path, bool create);

}  // namespace imp::crypto
