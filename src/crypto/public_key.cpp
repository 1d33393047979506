#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <optional>

#include "crypto/key_impl.h"

namespace imp::crypto {

namespace {

constexpr int kLeastModulusBits = 2048;
constexpr int kMostModulusBits = 8192;
constexpr std::size_t kCoordinateBytes = 32;
constexpr std::size_t kEd25519Bytes = 32;
constexpr std::size_t kEd25519SignatureBytes = 64;

std::unexpected<Failure> malformed(std::string_view what) {
  return refuse(KeyRefusal::malformed, std::string(what));
}

BigNumber number_of(ByteView big_endian) {
  return BigNumber(BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr));
}

BigNumber number_parameter(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  ensure(EVP_PKEY_get_bn_param(key, name, &number) == 1, name);
  return BigNumber(number);
}

Bytes bytes_of_number(const BIGNUM* number) {
  Bytes out(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, out.data());
  return out;
}

Bytes coordinate(const EVP_PKEY* key, const char* name) {
  const BigNumber number = number_parameter(key, name);
  Bytes out(kCoordinateBytes);
  ensure(BN_bn2binpad(number.get(), out.data(), kCoordinateBytes) == kCoordinateBytes, name);
  return out;
}

KeyHandle from_parameters(const char* type, OSSL_PARAM* parameters) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  ensure(context && EVP_PKEY_fromdata_init(context.get()) == 1, "EVP_PKEY_fromdata_init");
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) return nullptr;
  return KeyHandle(key);
}

std::optional<KeyKind> kind_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA")) return KeyKind::rsa;
  if (EVP_PKEY_is_a(key, "ED25519")) return KeyKind::ed25519;
  if (!EVP_PKEY_is_a(key, "EC")) return std::nullopt;
  std::array<char, 32> group{};
  const bool p256 = EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
                    std::string_view(group.data()) == "prime256v1";
  return p256 ? std::optional(KeyKind::p256) : std::nullopt;
}

PublicKey::Components components_of(const EVP_PKEY* key, KeyKind kind) {
  switch (kind) {
    case KeyKind::rsa:
      return {.n = bytes_of_number(number_parameter(key, OSSL_PKEY_PARAM_RSA_N).get()),
              .e = bytes_of_number(number_parameter(key, OSSL_PKEY_PARAM_RSA_E).get()),
              .x = {},
              .y = {}};
    case KeyKind::p256:
      return {.n = {},
              .e = {},
              .x = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X),
              .y = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y)};
    case KeyKind::ed25519: {
      Bytes x(kEd25519Bytes);
      std::size_t size = x.size();
      ensure(EVP_PKEY_get_raw_public_key(key, x.data(), &size) == 1 && size == kEd25519Bytes,
             "EVP_PKEY_get_raw_public_key");
      return {.n = {}, .e = {}, .x = std::move(x), .y = {}};
    }
  }
  return {};
}

Result<void> check_rsa(const BIGNUM* modulus, const BIGNUM* exponent) {
  if (BN_num_bits(modulus) < kLeastModulusBits) {
    return refuse(KeyRefusal::too_weak,
                  fmt::format("its RSA modulus has {} bits; at least {} are needed",
                              BN_num_bits(modulus), kLeastModulusBits));
  }
  if (BN_num_bits(modulus) > kMostModulusBits) {
    return refuse(KeyRefusal::unsupported,
                  fmt::format("its RSA modulus has {} bits; at most {} are supported",
                              BN_num_bits(modulus), kMostModulusBits));
  }
  if (!BN_is_odd(modulus)) return malformed("its RSA modulus is even");
  // With exponent 1 every padded digest is its own signature.
  if (!BN_is_odd(exponent) || BN_is_one(exponent)) {
    return refuse(KeyRefusal::too_weak, "its RSA exponent is 1 or even");
  }
  if (BN_num_bits(exponent) > 32) {
    return refuse(KeyRefusal::unsupported, "its RSA exponent is longer than 32 bits");
  }
  return {};
}

}  // namespace

Reason reason(KeyRefusal refusal) {
  switch (refusal) {
    case KeyRefusal::malformed:
      return {"malformed_key", FailureKind::invalid};
    case KeyRefusal::unsupported:
      return {"unsupported_key", FailureKind::invalid};
    case KeyRefusal::too_weak:
      return {"weak_key", FailureKind::invalid};
  }
  return {};
}

const EVP_MD* message_digest(KeyKind kind) {
  return kind == KeyKind::ed25519 ? nullptr : EVP_sha256();
}

Result<PublicKey> PublicKey::Impl::wrap(KeyHandle key) {
  const auto kind = kind_of(key.get());
  if (!kind) {
    return refuse(KeyRefusal::unsupported, "it is not an RSA, P-256 or Ed25519 key");
  }
  if (*kind == KeyKind::rsa) {
    const BigNumber modulus = number_parameter(key.get(), OSSL_PKEY_PARAM_RSA_N);
    const BigNumber exponent = number_parameter(key.get(), OSSL_PKEY_PARAM_RSA_E);
    if (auto checked = check_rsa(modulus.get(), exponent.get()); !checked) return pass_on(checked);
  }
  auto impl = std::make_shared<Impl>();
  impl->kind = *kind;
  impl->components = components_of(key.get(), *kind);
  impl->verifier.reset(EVP_MD_CTX_new());
  ensure(impl->verifier && EVP_DigestVerifyInit(impl->verifier.get(), nullptr,
                                                message_digest(*kind), nullptr, key.get()) == 1,
         "EVP_DigestVerifyInit");
  // Each copy serves one signature, so OpenSSL need not copy it again before finishing.
  EVP_MD_CTX_set_flags(impl->verifier.get(), EVP_MD_CTX_FLAG_FINALISE);
  impl->key = std::move(key);
  PublicKey wrapped;
  wrapped.impl_ = std::move(impl);
  return wrapped;
}

Result<PublicKey> PublicKey::rsa(ByteView modulus, ByteView exponent) {
  const QuietErrors quiet;
  // A bound on work before any arithmetic; leading zeros of a byte or two do occur.
  if (modulus.size() > kMostModulusBits / 8 + 8 || exponent.size() > 16) {
    return refuse(KeyRefusal::unsupported, "its RSA modulus or exponent is too long");
  }
  const BigNumber n = number_of(modulus);
  const BigNumber e = number_of(exponent);
  ensure(n && e, "BN_bin2bn");
  if (auto checked = check_rsa(n.get(), e.get()); !checked) return pass_on(checked);
  Bytes native_n(static_cast<std::size_t>(BN_num_bytes(n.get())));
  Bytes native_e(static_cast<std::size_t>(BN_num_bytes(e.get())));
  BN_bn2nativepad(n.get(), native_n.data(), static_cast<int>(native_n.size()));
  BN_bn2nativepad(e.get(), native_e.data(), static_cast<int>(native_e.size()));
  std::array parameters = {
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, native_n.data(), native_n.size()),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, native_e.data(), native_e.size()),
      OSSL_PARAM_construct_end()};
  KeyHandle key = from_parameters("RSA", parameters.data());
  if (!key) return malformed("it is not an RSA key");
  return Impl::wrap(std::move(key));
}

Result<PublicKey> PublicKey::p256(ByteView x, ByteView y) {
  const QuietErrors quiet;
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) {
    return malformed("its P-256 coordinates are not 32 bytes each");
  }
  Bytes point = {0x04};  // the uncompressed form of SEC 1 §2.3.3
  point.insert(point.end(), x.begin(), x.end());
  point.insert(point.end(), y.begin(), y.end());
  std::string group = "prime256v1";
  std::array parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  KeyHandle key = from_parameters("EC", parameters.data());
  if (!key) return malformed("its point is not on the curve P-256");
  return Impl::wrap(std::move(key));
}

Result<PublicKey> PublicKey::ed25519(ByteView bytes) {
  const QuietErrors quiet;
  if (bytes.size() != kEd25519Bytes) return malformed("its Ed25519 key is not 32 bytes");
  KeyHandle key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()));
  if (!key) return malformed("it is not an Ed25519 key");
  return Impl::wrap(std::move(key));
}

Result<PublicKey> PublicKey::from_spki(ByteView der) {
  const QuietErrors quiet;
  const std::uint8_t* next = der.data();
  KeyHandle key(d2i_PUBKEY(nullptr, &next, static_cast<long>(der.size())));
  if (!key || next != der.data() + der.size()) {
    return malformed("it is not a SubjectPublicKeyInfo in DER");
  }
  return Impl::wrap(std::move(key));
}

KeyKind PublicKey::kind() const { return impl_->kind; }
PublicKey::Components PublicKey::components() const { return impl_->components; }

bool PublicKey::verify(ByteView message, ByteView signature) const {
  if (impl_->kind != KeyKind::p256) return verify_der(message, signature);
  return verify_der(message, der_from_raw(signature));
}

bool PublicKey::verify_der(ByteView message, ByteView signature) const {
  const QuietErrors quiet;
  if (signature.empty()) return false;
  if (impl_->kind == KeyKind::ed25519 && signature.size() != kEd25519SignatureBytes) return false;
  const DigestContext context(EVP_MD_CTX_new());
  ensure(context && EVP_MD_CTX_copy_ex(context.get(), impl_->verifier.get()) == 1,
         "EVP_MD_CTX_copy_ex");
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

Bytes PublicKey::spki_der() const {
  const int size = i2d_PUBKEY(impl_->key.get(), nullptr);
  ensure(size > 0, "i2d_PUBKEY");
  Bytes der(static_cast<std::size_t>(size));
  std::uint8_t* out = der.data();
  i2d_PUBKEY(impl_->key.get(), &out);
  return der;
}

}  // namespace imp::crypto
