#include "crypto/password.h"

#include <sodium.h>

#include <array>
#include <new>

#include "crypto/sodium.h"

namespace imp::crypto {

namespace {

struct Work {
  unsigned long long operations;
  std::size_t memory;
};

Work work(PasswordCost cost) {
  switch (cost) {
    case PasswordCost::interactive:
      return {crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE,
              crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE};
    case PasswordCost::minimal:
      return {crypto_pwhash_argon2id_OPSLIMIT_MIN, crypto_pwhash_argon2id_MEMLIMIT_MIN};
  }
  return {crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE, crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE};
}

}  // namespace

std::string hash_password(std::string_view password, PasswordCost cost) {
  ensure_sodium();
  if (password.empty()) password = "";  // never a null pointer
  std::array<char, crypto_pwhash_argon2id_STRBYTES> out{};
  const Work amount = work(cost);
  if (crypto_pwhash_argon2id_str(out.data(), password.data(), password.size(), amount.operations,
                                 amount.memory) != 0) {
    throw std::bad_alloc();  // the only failure libsodium documents
  }
  return out.data();
}

bool verify_password(std::string_view password, const std::string& hash) {
  ensure_sodium();
  if (password.empty()) password = "";
  // libsodium reads up to the first NUL and into a buffer of this size.
  if (hash.size() >= crypto_pwhash_argon2id_STRBYTES || hash.contains('\0')) return false;
  std::array<char, crypto_pwhash_argon2id_STRBYTES> text{};
  hash.copy(text.data(), hash.size());
  return crypto_pwhash_argon2id_str_verify(text.data(), password.data(), password.size()) == 0;
}

}  // namespace imp::crypto
