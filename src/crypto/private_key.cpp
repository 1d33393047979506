#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdexcept>

#include "crypto/key_impl.h"

namespace imp::crypto {

namespace {

constexpr std::size_t kGeneratedModulusBits = 2048;

KeyHandle generated(KeyKind kind) {
  switch (kind) {
    case KeyKind::rsa:
      return KeyHandle(EVP_RSA_gen(kGeneratedModulusBits));
    case KeyKind::p256:
      return KeyHandle(EVP_EC_gen("P-256"));
    case KeyKind::ed25519:
      return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }
  return nullptr;
}

Bytes openssl_signature(const EVP_PKEY* key, const EVP_MD_CTX* signer, ByteView message) {
  const DigestContext context(EVP_MD_CTX_new());
  ensure(context && EVP_MD_CTX_copy_ex(context.get(), signer) == 1, "EVP_MD_CTX_copy_ex");
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = signature.size();
  ensure(
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1,
      "EVP_DigestSign");
  signature.resize(size);
  return signature;
}

/// The content of a PEM block "PRIVATE KEY": neither an encrypted one, for which OpenSSL would ask
/// the terminal for a password, nor the older forms of each algorithm.
KeyHandle decode_pkcs8(std::string_view pem) {
  const Memory in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  ensure(in != nullptr, "BIO_new_mem_buf");
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(in.get(), &name, &header, &data, &size) != 1) return nullptr;
  KeyHandle key;
  if (std::string_view(name) == PEM_STRING_PKCS8INF) {
    const unsigned char* next = data;
    if (auto* info = d2i_PKCS8_PRIV_KEY_INFO(nullptr, &next, size)) {
      key.reset(EVP_PKCS82PKEY(info));
      PKCS8_PRIV_KEY_INFO_free(info);
    }
  }
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  return key;
}

}  // namespace

Result<PrivateKey> PrivateKey::Impl::wrap(KeyHandle key) {
  ensure(EVP_PKEY_up_ref(key.get()) == 1, "EVP_PKEY_up_ref");
  auto public_key = PublicKey::Impl::wrap(KeyHandle(key.get()));
  if (!public_key) return pass_on(public_key);
  auto impl = std::make_shared<Impl>();
  impl->kind = public_key->kind();
  impl->public_key = std::move(*public_key);
  impl->signer.reset(EVP_MD_CTX_new());
  ensure(impl->signer && EVP_DigestSignInit(impl->signer.get(), nullptr, message_digest(impl->kind),
                                            nullptr, key.get()) == 1,
         "EVP_DigestSignInit");
  // Each copy makes one signature, so OpenSSL need not copy it again before finishing.
  EVP_MD_CTX_set_flags(impl->signer.get(), EVP_MD_CTX_FLAG_FINALISE);
  impl->key = std::move(key);
  PrivateKey wrapped;
  wrapped.impl_ = std::move(impl);
  return wrapped;
}

PrivateKey PrivateKey::generate(KeyKind kind) {
  KeyHandle key = generated(kind);
  ensure(key != nullptr, "key generation");
  auto wrapped = Impl::wrap(std::move(key));
  if (!wrapped) throw std::runtime_error(wrapped.error().message);
  return std::move(*wrapped);
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  KeyHandle key = decode_pkcs8(pem);
  ERR_clear_error();
  if (!key) {
    return refuse(
        KeyRefusal::malformed,
        "The private key is not an unencrypted PKCS#8 key in PEM (\"BEGIN PRIVATE KEY\").");
  }
  auto wrapped = Impl::wrap(std::move(key));
  if (!wrapped) return wrapped;
  // A file whose public part is not that of its private part would sign what nobody can verify.
  const ByteView probe = bytes_of("Imprimatur");
  if (!wrapped->public_key().verify(probe, wrapped->sign(probe))) {
    return refuse(KeyRefusal::malformed, "The private key's two parts do not belong together.");
  }
  return wrapped;
}

std::string PrivateKey::to_pem() const {
  const Memory out(BIO_new(BIO_s_secmem()));
  ensure(out && PEM_write_bio_PKCS8PrivateKey(out.get(), impl_->key.get(), nullptr, nullptr, 0,
                                              nullptr, nullptr) == 1,
         "PEM_write_bio_PKCS8PrivateKey");
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

KeyKind PrivateKey::kind() const { return impl_->kind; }
PublicKey PrivateKey::public_key() const { return impl_->public_key; }

Bytes PrivateKey::sign(ByteView message) const {
  Bytes signature = openssl_signature(impl_->key.get(), impl_->signer.get(), message);
  return impl_->kind == KeyKind::p256 ? raw_from_der(signature) : signature;
}

Bytes PrivateKey::sign_der(ByteView message) const {
  if (impl_->kind != KeyKind::p256) throw std::logic_error("only P-256 signatures have a DER form");
  return openssl_signature(impl_->key.get(), impl_->signer.get(), message);
}

}  // namespace imp::crypto
