#include "crypto/sealing.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "crypto/sodium.h"

namespace imp::crypto {

namespace {

constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::string_view kVersion = "v1.";

std::unexpected<Failure> cannot_open() {
  return refuse(SealRefusal::wrong_key_or_damaged,
                "A stored secret cannot be opened: the master key is not the one it was sealed "
                "under, or the stored value was changed or moved.");
}

}  // namespace

Reason reason(SealRefusal refusal) {
  switch (refusal) {
    case SealRefusal::wrong_key_or_damaged:
      return {"wrong_key_or_damaged", FailureKind::internal};
    case SealRefusal::bad_key_file:
      return {"bad_key_file", FailureKind::internal};
  }
  return {};
}

struct Sealer::Key {
  std::array<std::uint8_t, kKeyBytes> bytes;
  ~Key() { sodium_memzero(bytes.data(), bytes.size()); }
};

Sealer::Sealer(ByteView key) : key_(std::make_unique<Key>()) {
  if (key.size() != kKeyBytes) throw std::invalid_argument("a sealing key has 32 bytes");
  ensure_sodium();
  std::ranges::copy(key, key_->bytes.begin());
}
Sealer::~Sealer() = default;
Sealer::Sealer(Sealer&&) noexcept = default;

// The version is authenticated with the purpose, so that a later format cannot be passed off as
// this one.
std::string Sealer::seal(std::string_view secret, std::string_view purpose) const {
  const std::string context = std::string(kVersion).append(purpose);
  const ByteView authenticated = bytes_of(context);
  Bytes out(kNonceBytes + secret.size() + kTagBytes);
  randombytes_buf(out.data(), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      out.data() + kNonceBytes, nullptr, bytes_of(secret).data(), secret.size(),
      authenticated.data(), authenticated.size(), nullptr, out.data(), key_->bytes.data());
  return std::string(kVersion) + base64url(out);
}

Result<std::string> Sealer::open(std::string_view sealed, std::string_view purpose) const {
  if (!sealed.starts_with(kVersion)) return cannot_open();
  const auto bytes = from_base64url(sealed.substr(kVersion.size()));
  if (!bytes || bytes->size() < kNonceBytes + kTagBytes) return cannot_open();
  const std::string context = std::string(kVersion).append(purpose);
  const ByteView authenticated = bytes_of(context);
  std::string secret(bytes->size() - kNonceBytes - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          reinterpret_cast<std::uint8_t*>(secret.data()), nullptr, nullptr,
          bytes->data() + kNonceBytes, bytes->size() - kNonceBytes, authenticated.data(),
          authenticated.size(), bytes->data(), key_->bytes.data()) != 0) {
    return cannot_open();
  }
  return secret;
}

}  // namespace imp::crypto
