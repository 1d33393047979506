#pragma once

#include <openssl/bio.h>
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

}  // namespace imp::crypto::test
