#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/failure.h"

namespace imp::crypto {

enum class KeyRefusal { malformed, unsupported, too_weak };
Reason reason(KeyRefusal refusal);

enum class KeyKind { rsa, p256, ed25519 };

/// A public key that verifies signatures. Immutable, thread-safe, cheap to copy.
class PublicKey {
 public:
  /// RSA from big-endian modulus and exponent. Refuses moduli below 2048 or above 8192 bits and
  /// exponents that are even, 1, or longer than 32 bits.
  static Result<PublicKey> rsa(ByteView modulus, ByteView exponent);
  /// P-256 from 32-byte coordinates; refuses points off the curve.
  static Result<PublicKey> p256(ByteView x, ByteView y);
  /// Ed25519 from 32 bytes.
  static Result<PublicKey> ed25519(ByteView key);
  /// Of one of these kinds, from a SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7).
  static Result<PublicKey> from_spki(ByteView der);

  KeyKind kind() const;
  /// RS256 (RFC 8017 §8.2 with SHA-256) for rsa; for p256 ES256 over SHA-256 with the raw 64-byte
  /// r||s of RFC 7518 §3.4 (r and s in 1..n-1); EdDSA (RFC 8032) for ed25519. False for anything
  /// that does not verify.
  bool verify(ByteView message, ByteView signature) const;
  /// The same with the DER form of RFC 3279 §2.2.3 for p256, as DSSE and `dist.signatures` have it.
  bool verify_der(ByteView message, ByteView signature) const;

  Bytes spki_der() const;  ///< SubjectPublicKeyInfo
  /// Members of the public JWK: n, e (rsa); x, y (p256); x (ed25519): big-endian, unpadded.
  struct Components {
    Bytes n, e, x, y;
  };
  Components components() const;

 private:
  friend class PrivateKey;
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// A private key that signs. Immutable, thread-safe, cheap to copy.
class PrivateKey {
 public:
  static PrivateKey generate(KeyKind kind);                  ///< RSA: 2048 bits, exponent 65537
  static Result<PrivateKey> from_pem(std::string_view pem);  ///< PKCS#8
  std::string to_pem() const;
  KeyKind kind() const;
  PublicKey public_key() const;
  /// The counterpart of PublicKey::verify. ES256 in the raw 64-byte form.
  Bytes sign(ByteView message) const;
  /// ES256 in DER form, as `dist.signatures` wants it. Only for p256.
  Bytes sign_der(ByteView message) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace imp::crypto
