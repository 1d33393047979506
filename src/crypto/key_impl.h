#pragma once

#include "crypto/keys.h"
#include "crypto/openssl.h"

// Private to crypto/.

namespace imp::crypto {

struct PublicKey::Impl {
  KeyKind kind = KeyKind::rsa;
  KeyHandle key;
  /// Initialised once and copied for each signature, which is a fifth faster than initialising each
  /// time. Never used itself, so threads share it.
  DigestContext verifier;
  Components components;

  /// Wraps a key of any origin, after the checks that PublicKey::rsa documents.
  static Result<PublicKey> wrap(KeyHandle key);
};

struct PrivateKey::Impl {
  KeyKind kind = KeyKind::rsa;
  KeyHandle key;
  /// As the verifier of a public key.
  DigestContext signer;
  PublicKey public_key;

  static Result<PrivateKey> wrap(KeyHandle key);
};

/// The digest that belongs to a kind's algorithm; null for Ed25519, which hashes by itself.
const EVP_MD* message_digest(KeyKind kind);

/// ES256's raw r||s (RFC 7518 §3.4) to and from the DER of RFC 3279 §2.2.3. Empty when `raw` is not
/// 64 bytes or r or s is not in 1..n-1: zeros verify anything in careless implementations.
Bytes der_from_raw(ByteView raw);
Bytes raw_from_der(ByteView der);

}  // namespace imp::crypto
