#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "crypto/keys.h"
#include "openssl_by_hand.h"
#include "test_keys.h"

namespace imp::crypto {
namespace {

using test::key_of;
using test::kKinds;

std::string_view code(std::string_view pem) {
  const auto key = PrivateKey::from_pem(pem);
  return key ? "ok" : key.error().code();
}

TEST(PrivateKey, SurvivesPem) {
  for (const KeyKind kind : kKinds) {
    const std::string pem = key_of(kind).to_pem();
    EXPECT_TRUE(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto again = PrivateKey::from_pem(pem);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->kind(), kind);
    EXPECT_EQ(again->public_key().spki_der(), key_of(kind).public_key().spki_der());
    EXPECT_TRUE(key_of(kind).public_key().verify(bytes_of("m"), again->sign(bytes_of("m"))));
  }
}

TEST(PrivateKey, GeneratedKeysDiffer) {
  EXPECT_NE(PrivateKey::generate(KeyKind::ed25519).to_pem(),
            PrivateKey::generate(KeyKind::ed25519).to_pem());
  EXPECT_EQ(key_of(KeyKind::rsa).public_key().components().n.size(), 256u);
  EXPECT_EQ(key_of(KeyKind::rsa).public_key().components().e, (Bytes{1, 0, 1}));
}

TEST(PrivateKey, SignaturesHaveTheLengthOfJose) {
  EXPECT_EQ(key_of(KeyKind::rsa).sign({}).size(), 256u);
  EXPECT_EQ(key_of(KeyKind::p256).sign({}).size(), 64u);
  EXPECT_EQ(key_of(KeyKind::ed25519).sign({}).size(), 64u);
}

std::string encrypted_pem() {
  const KeyHandle key = test::handle_of(key_of(KeyKind::p256));
  const Memory out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_256_cbc(), "password", 8, nullptr,
                                nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

/// A P-256 PKCS#8 whose private scalar was changed beside its public point.
std::string mismatched_pem() {
  const std::string pem = key_of(KeyKind::p256).to_pem();
  const std::string begin = "-----BEGIN PRIVATE KEY-----\n";
  const std::string end = "-----END PRIVATE KEY-----\n";
  std::string body = pem.substr(begin.size(), pem.size() - begin.size() - end.size());
  std::erase(body, '\n');
  Bytes bytes = *from_base64(body);
  // the scalar is the 32-byte OCTET STRING right after `02 01 01 04 20`
  const Bytes mark = {0x02, 0x01, 0x01, 0x04, 0x20};
  const auto at = std::ranges::search(bytes, mark);
  EXPECT_NE(at.begin(), bytes.end());
  at.end()[31] ^= 1;
  return begin + base64(bytes) + "\n" + end;
}

TEST(PrivateKey, OtherPemIsRefused) {
  const std::string good = key_of(KeyKind::p256).to_pem();
  const KeyHandle weak(EVP_RSA_gen(1024));
  const KeyHandle p384(EVP_EC_gen("P-384"));
  const KeyHandle ed448(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"));
  struct Row {
    std::string_view name;
    std::string pem;
    std::string_view code;
  };
  std::string sec1 = good;
  for (const std::string_view word : {"BEGIN", "END"}) {
    sec1.replace(sec1.find(std::string(word) + " PRIVATE"), word.size() + 8,
                 std::string(word) + " EC PRIVATE");
  }
  const std::vector<Row> rows = {
      {"good", good, "ok"},
      {"empty", "", "malformed_key"},
      {"no PEM", "hello", "malformed_key"},
      {"cut", good.substr(0, good.size() / 2), "malformed_key"},
      {"not base64", "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n",
       "malformed_key"},
      {"not DER", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
       "malformed_key"},
      // OpenSSL would ask the terminal for a password and hang a server
      {"encrypted", encrypted_pem(), "malformed_key"},
      {"older form", sec1, "malformed_key"},
      {"RSA of 1024 bits", test::pem_of(weak.get()), "weak_key"},
      {"another curve", test::pem_of(p384.get()), "unsupported_key"},
      {"Ed448", test::pem_of(ed448.get()), "unsupported_key"},
      {"parts of two keys", mismatched_pem(), "malformed_key"},
  };
  for (const Row& row : rows) EXPECT_EQ(code(row.pem), row.code) << row.name;
}

TEST(PrivateKey, NoMessageShowsTheKey) {
  const std::string pem = key_of(KeyKind::p256).to_pem();
  const auto key = PrivateKey::from_pem(pem.substr(0, pem.size() - 30));
  ASSERT_FALSE(key);
  EXPECT_FALSE(key.error().message.contains(pem.substr(30, 20)));
  EXPECT_TRUE(key.error().detail.empty());
}

}  // namespace
}  // namespace imp::crypto
