#pragma once

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <string>
#include <string_view>

#include "crypto/keys.h"
#include "crypto/openssl.h"

// What the product never does, done with OpenSSL directly: weak keys, other paddings, raw RSA.

namespace imp::crypto::test {

inline KeyHandle handle_of(const PrivateKey& key) {
  const std::string pem = key.to_pem();
  const Memory in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return KeyHandle(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
}

inline std::string pem_of(EVP_PKEY* key) {
  const Memory out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

/// block^d mod n: what a holder of the private key could compute.
inline Bytes rsa_of_block(const PrivateKey& key, ByteView block) {
  const KeyHandle handle = handle_of(key);
  const KeyContext context(EVP_PKEY_CTX_new(handle.get(), nullptr));
  std::size_t size = block.size();
  Bytes out(size);
  ensure(EVP_PKEY_sign_init(context.get()) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) == 1 &&
             EVP_PKEY_sign(context.get(), out.data(), &size, block.data(), block.size()) == 1,
         "EVP_PKEY_sign");
  return out;
}

/// PS256.
inline Bytes pss_signature(const PrivateKey& key, std::string_view message) {
  const KeyHandle handle = handle_of(key);
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  std::size_t size = 512;
  Bytes out(size);
  ensure(EVP_DigestSignInit(context.get(), &parameters, EVP_sha256(), nullptr, handle.get()) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_DigestSign(context.get(), out.data(), &size,
                            reinterpret_cast<const unsigned char*>(message.data()),
                            message.size()) == 1,
         "EVP_DigestSign");
  out.resize(size);
  return out;
}

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2) of 2048 bits: 00 01 FF..FF 00 DigestInfo, and what forgers make
/// of it.
inline Bytes pkcs1_block(std::string_view digest_info_hex, std::size_t padding,
                         std::uint8_t type = 1, std::uint8_t fill = 0xff, std::size_t garbage = 0) {
  Bytes block = {0x00, type};
  block.insert(block.end(), padding, fill);
  block.push_back(0x00);
  const Bytes info = *from_hex(digest_info_hex);
  block.insert(block.end(), info.begin(), info.end());
  block.insert(block.end(), garbage, 0x5a);
  ensure(block.size() == 256, "a block of 2048 bits");
  return block;
}

inline constexpr std::string_view kP256Order =
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// The other valid signature of the same message: r, and the order less s.
inline Bytes ecdsa_twin(Bytes raw) {
  const Bytes order = *from_hex(kP256Order);
  int borrow = 0;
  for (std::size_t i = 32; i-- > 0;) {
    const int digit = order[i] - raw[32 + i] - borrow;
    borrow = digit < 0 ? 1 : 0;
    raw[32 + i] = static_cast<std::uint8_t>(digit + 256 * borrow);
  }
  return raw;
}

/// A key of a curve that no algorithm here is for, with its coordinates as a JWK has them.
struct P384Key {
  P384Key() : handle(EVP_EC_gen("P-384")) {
    std::size_t size = 0;
    Bytes point(97);  // 04, x, y
    ensure(EVP_PKEY_get_octet_string_param(handle.get(), "encoded-pub-key", point.data(),
                                           point.size(), &size) == 1 &&
               size == point.size(),
           "EVP_PKEY_get_octet_string_param");
    x.assign(point.begin() + 1, point.begin() + 49);
    y.assign(point.begin() + 49, point.end());
  }
  /// Over SHA-256, in DER.
  Bytes sign(std::string_view message) const {
    const DigestContext context(EVP_MD_CTX_new());
    std::size_t size = 256;
    Bytes out(size);
    ensure(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, handle.get()) == 1 &&
               EVP_DigestSign(context.get(), out.data(), &size,
                              reinterpret_cast<const unsigned char*>(message.data()),
                              message.size()) == 1,
           "EVP_DigestSign");
    out.resize(size);
    return out;
  }
  KeyHandle handle;
  Bytes x, y;
};

}  // namespace imp::crypto::test
