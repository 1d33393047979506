#include <gtest/gtest.h>
#include <openssl/err.h>

#include <string>
#include <thread>
#include <vector>

#include "crypto/keys.h"
#include "test_keys.h"

namespace imp::crypto {
namespace {

using test::key_of;
using test::kKinds;

std::string_view code(const Result<PublicKey>& key) { return key ? "ok" : key.error().code(); }

/// An odd number of exactly `bits` bits.
Bytes odd_number(std::size_t bits) {
  Bytes out((bits + 7) / 8, 0xa5);
  out.front() = static_cast<std::uint8_t>(1u << (bits - 1) % 8);
  out.back() |= 1;
  return out;
}

struct RsaRow {
  std::string_view name;
  Bytes modulus, exponent;
  std::string_view code;
};

TEST(PublicKey, RsaStrength) {
  const Bytes e = {1, 0, 1};
  Bytes even = odd_number(2048);
  even.back() &= 0xfe;
  Bytes leading_zero = odd_number(2048);
  leading_zero.insert(leading_zero.begin(), 0);
  const std::vector<RsaRow> rows = {
      {"2048 bits", odd_number(2048), e, "ok"},
      {"3072 bits", odd_number(3072), e, "ok"},
      {"8192 bits", odd_number(8192), e, "ok"},
      {"exponent 3", odd_number(2048), {3}, "ok"},
      {"exponent of 32 bits", odd_number(2048), {0xff, 0xff, 0xff, 0xff}, "ok"},
      {"leading zero", leading_zero, e, "ok"},  // some issuers write one
      {"512 bits", odd_number(512), e, "weak_key"},
      {"1024 bits", odd_number(1024), e, "weak_key"},
      {"2047 bits", odd_number(2047), e, "weak_key"},
      {"2047 bits in 256 bytes of zeros before",
       [] {
         Bytes n = odd_number(2047);
         n.insert(n.begin(), 4, 0);
         return n;
       }(),
       e, "weak_key"},
      {"8193 bits", odd_number(8193), e, "unsupported_key"},
      {"a million bits", odd_number(1'000'000), e, "unsupported_key"},
      {"even modulus", even, e, "malformed_key"},
      {"empty modulus", {}, e, "weak_key"},
      {"zero modulus", Bytes(256, 0), e, "weak_key"},
      {"exponent 1", odd_number(2048), {1}, "weak_key"},  // any padded digest is its signature
      {"exponent 1 with zeros", odd_number(2048), {0, 0, 1}, "weak_key"},
      {"exponent 0", odd_number(2048), {0}, "weak_key"},
      {"empty exponent", odd_number(2048), {}, "weak_key"},
      {"even exponent", odd_number(2048), {2}, "weak_key"},
      {"exponent of 33 bits", odd_number(2048), {1, 0, 0, 0, 1}, "unsupported_key"},
      {"exponent of a kilobyte", odd_number(2048), Bytes(1024, 0xff), "unsupported_key"},
  };
  for (const RsaRow& row : rows) {
    EXPECT_EQ(code(PublicKey::rsa(row.modulus, row.exponent)), row.code) << row.name;
  }
}

TEST(PublicKey, P256PointsMustBeOnTheCurve) {
  const auto parts = key_of(KeyKind::p256).public_key().components();
  EXPECT_EQ(code(PublicKey::p256(parts.x, parts.y)), "ok");
  EXPECT_EQ(code(PublicKey::p256(parts.y, parts.x)), "malformed_key");
  EXPECT_EQ(code(PublicKey::p256(Bytes(32, 0), Bytes(32, 0))), "malformed_key");
  EXPECT_EQ(code(PublicKey::p256(Bytes(32, 0xff), parts.y)), "malformed_key");  // x >= p
  Bytes off = parts.y;
  off.back() ^= 1;
  EXPECT_EQ(code(PublicKey::p256(parts.x, off)), "malformed_key");
}

TEST(PublicKey, CoordinatesHaveExactlyTheirLength) {
  const auto parts = key_of(KeyKind::p256).public_key().components();
  Bytes longer = parts.x;
  longer.insert(longer.begin(), 0);
  const Bytes shorter(parts.x.begin() + 1, parts.x.end());
  EXPECT_EQ(code(PublicKey::p256(longer, parts.y)), "malformed_key");
  EXPECT_EQ(code(PublicKey::p256(shorter, parts.y)), "malformed_key");
  EXPECT_EQ(code(PublicKey::p256({}, {})), "malformed_key");
  for (const std::size_t size : {0u, 31u, 33u, 64u}) {
    EXPECT_EQ(code(PublicKey::ed25519(Bytes(size, 1))), "malformed_key") << size;
  }
}

TEST(PublicKey, SurvivesItsComponents) {
  for (const KeyKind kind : kKinds) {
    const PublicKey key = key_of(kind).public_key();
    const auto parts = key.components();
    const auto again = kind == KeyKind::rsa    ? PublicKey::rsa(parts.n, parts.e)
                       : kind == KeyKind::p256 ? PublicKey::p256(parts.x, parts.y)
                                               : PublicKey::ed25519(parts.x);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->kind(), kind);
    EXPECT_EQ(again->spki_der(), key.spki_der());
    EXPECT_TRUE(again->verify(bytes_of("m"), key_of(kind).sign(bytes_of("m"))));
  }
}

// RFC 8032 §7.1, test 2.
TEST(PublicKey, Ed25519OfTheRfc) {
  const auto key = PublicKey::ed25519(
      *from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
  ASSERT_TRUE(key);
  const Bytes signature = *from_hex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(key->verify(*from_hex("72"), signature));
  EXPECT_FALSE(key->verify(*from_hex("73"), signature));
  // S + L is the malleable twin that RFC 8032 §5.1.7 forbids.
  Bytes twin = signature;
  const Bytes order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  int carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += twin[32 + i] + order[i];
    twin[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  EXPECT_FALSE(key->verify(*from_hex("72"), twin));
}

// RFC 6979 §A.2.5, P-256 with SHA-256, message "sample".
TEST(PublicKey, P256OfTheRfc) {
  const auto key = PublicKey::p256(
      *from_hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"),
      *from_hex("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"));
  ASSERT_TRUE(key);
  const Bytes signature = *from_hex(
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  EXPECT_TRUE(key->verify(bytes_of("sample"), signature));
  EXPECT_FALSE(key->verify(bytes_of("Sample"), signature));
}

TEST(PublicKey, ThreadsShareOneKey) {
  for (const KeyKind kind : kKinds) {
    const PublicKey key = key_of(kind).public_key();
    const Bytes good = key_of(kind).sign(bytes_of("m"));
    std::vector<std::thread> threads;
    std::vector<int> verified(4, 0);
    for (int& count : verified) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          count += key.verify(bytes_of("m"), good) ? 1 : 0;
          count += key.verify(bytes_of("n"), good) ? 1000 : 0;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const int count : verified) EXPECT_EQ(count, 50);
  }
}

// A TLS connection on the same thread would take a note left behind for its own failure.
TEST(PublicKey, RefusalsLeaveNoErrorBehind) {
  ERR_clear_error();
  for (const KeyKind kind : kKinds) {
    const PublicKey key = key_of(kind).public_key();
    for (const std::size_t size : {0u, 1u, 64u, 256u}) {
      EXPECT_FALSE(key.verify(bytes_of("m"), Bytes(size, 0x11)));
      EXPECT_EQ(ERR_peek_error(), 0u) << size;
    }
  }
  EXPECT_FALSE(PublicKey::p256(Bytes(32, 1), Bytes(32, 1)));
  EXPECT_FALSE(PublicKey::rsa(odd_number(512), Bytes{3}));
  EXPECT_EQ(ERR_peek_error(), 0u);
  EXPECT_FALSE(
      PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(PublicKey, IsReadFromItsSubjectPublicKeyInfo) {
  for (const KeyKind kind : kKinds) {
    const PrivateKey& key = key_of(kind);
    const Bytes der = key.public_key().spki_der();
    const auto read = PublicKey::from_spki(der);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->kind(), kind);
    EXPECT_TRUE(read->verify(bytes_of("m"), key.sign(bytes_of("m"))));
    Bytes longer = der;
    longer.push_back(0);
    EXPECT_FALSE(PublicKey::from_spki(longer));
    EXPECT_FALSE(PublicKey::from_spki(ByteView(der).first(der.size() - 1)));
  }
  EXPECT_FALSE(PublicKey::from_spki({}));
  EXPECT_FALSE(PublicKey::from_spki(bytes_of("key")));
}

}  // namespace
}  // namespace imp::crypto
