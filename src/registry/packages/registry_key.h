#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "crypto/keys.h"
#include "crypto/sealing.h"
#include "db/database.h"
#include "registry/packages/manifest.h"

namespace imp::registry {

/// The registry's own signing key: ECDSA P-256. Immutable, thread-safe, cheap to copy.
class RegistryKey {
 public:
  explicit RegistryKey(crypto::PrivateKey key);

  /// "SHA256:" and the unpadded base64 of the SHA-256 of the SubjectPublicKeyInfo.
  const std::string& keyid() const { return keyid_; }
  /// The base64 of the SubjectPublicKeyInfo, as the key document carries it.
  std::string public_text() const;
  /// Signs "<name>@<version>:<integrity>", as `npm audit signatures` verifies it.
  DistSignature sign(std::string_view name, std::string_view version,
                     std::string_view integrity) const;
  const crypto::PrivateKey& private_key() const { return key_; }

 private:
  crypto::PrivateKey key_;
  std::string keyid_;
};

/// The key in use; made, sealed and stored when there is none. Safe when several nodes start at
/// once.
Result<RegistryKey> load_or_create_registry_key(db::Database& database,
                                                const crypto::Sealer& sealer, const Clock& clock);

/// The document of `GET /-/npm/v1/keys`: every key that ever signed, oldest first.
std::string keys_document(db::Session& session);

}  // namespace imp::registry
