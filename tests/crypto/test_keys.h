#pragma once

#include "crypto/keys.h"

// One key of each kind for the whole program: generating RSA keys is slow.

namespace imp::crypto::test {

inline const PrivateKey& key_of(KeyKind kind) {
  static const PrivateKey rsa = PrivateKey::generate(KeyKind::rsa);
  static const PrivateKey p256 = PrivateKey::generate(KeyKind::p256);
  static const PrivateKey ed25519 = PrivateKey::generate(KeyKind::ed25519);
  return kind == KeyKind::rsa ? rsa : kind == KeyKind::p256 ? p256 : ed25519;
}

inline constexpr KeyKind kKinds[] = {KeyKind::rsa, KeyKind::p256, KeyKind::ed25519};

}  // namespace imp::crypto::test
