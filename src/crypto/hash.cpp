#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "crypto/openssl.h"

namespace imp::crypto {

namespace {

// Fetched once: a fetch by name at every call costs more than hashing a short text.
const EVP_MD* fetched(const char* name) {
  const EVP_MD* digest = EVP_MD_fetch(nullptr, name, nullptr);
  ensure(digest != nullptr, name);
  return digest;
}

const EVP_MD* sha1_digest() {
  static const EVP_MD* const digest = fetched("SHA1");
  return digest;
}
const EVP_MD* sha256_digest() {
  static const EVP_MD* const digest = fetched("SHA2-256");
  return digest;
}
const EVP_MD* sha512_digest() {
  static const EVP_MD* const digest = fetched("SHA2-512");
  return digest;
}

template <class Digest>
Digest digest_of(ByteView bytes, const EVP_MD* digest) {
  Digest out;
  ensure(EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, digest, nullptr) == 1,
         "EVP_Digest");
  return out;
}

DigestContext started(const EVP_MD* digest) {
  DigestContext context(EVP_MD_CTX_new());
  ensure(context && EVP_DigestInit_ex(context.get(), digest, nullptr) == 1, "EVP_DigestInit_ex");
  return context;
}

void feed(EVP_MD_CTX* context, ByteView bytes) {
  ensure(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1, "EVP_DigestUpdate");
}

template <class Digest>
Digest finished(EVP_MD_CTX* context) {
  Digest out;
  ensure(EVP_DigestFinal_ex(context, out.data(), nullptr) == 1, "EVP_DigestFinal_ex");
  return out;
}

}  // namespace

Sha1 sha1(ByteView bytes) { return digest_of<Sha1>(bytes, sha1_digest()); }
Sha256 sha256(ByteView bytes) { return digest_of<Sha256>(bytes, sha256_digest()); }
Sha512 sha512(ByteView bytes) { return digest_of<Sha512>(bytes, sha512_digest()); }

Sha256 hmac_sha256(ByteView key, ByteView message) {
  // OpenSSL reads a null key as "the key of the call before".
  static constexpr std::uint8_t kNoKey = 0;
  Sha256 out;
  ensure(HMAC(sha256_digest(), key.empty() ? &kNoKey : key.data(), static_cast<int>(key.size()),
              message.data(), message.size(), out.data(), nullptr) != nullptr,
         "HMAC");
  return out;
}

struct Sha512Stream::State {
  DigestContext context = started(sha512_digest());
};
Sha512Stream::Sha512Stream() : state_(std::make_unique<State>()) {}
Sha512Stream::~Sha512Stream() = default;
Sha512Stream::Sha512Stream(Sha512Stream&&) noexcept = default;
Sha512Stream& Sha512Stream::operator=(Sha512Stream&&) noexcept = default;
void Sha512Stream::update(ByteView bytes) { feed(state_->context.get(), bytes); }
Sha512 Sha512Stream::finish() { return finished<Sha512>(state_->context.get()); }

struct Sha1Stream::State {
  DigestContext context = started(sha1_digest());
};
Sha1Stream::Sha1Stream() : state_(std::make_unique<State>()) {}
Sha1Stream::~Sha1Stream() = default;
Sha1Stream::Sha1Stream(Sha1Stream&&) noexcept = default;
Sha1Stream& Sha1Stream::operator=(Sha1Stream&&) noexcept = default;
void Sha1Stream::update(ByteView bytes) { feed(state_->context.get(), bytes); }
Sha1 Sha1Stream::finish() { return finished<Sha1>(state_->context.get()); }

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace imp::crypto
