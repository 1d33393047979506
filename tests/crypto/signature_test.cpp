#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "crypto/hash.h"
#include "crypto/key_impl.h"
#include "crypto/keys.h"
#include "openssl_by_hand.h"
#include "test_keys.h"

namespace imp::crypto {
namespace {

using test::key_of;
using test::kKinds;
using test::pkcs1_block;

constexpr std::string_view kMessage = "header.payload";

bool verifies(KeyKind kind, ByteView signature, std::string_view message = kMessage) {
  return key_of(kind).public_key().verify(bytes_of(message), signature);
}

TEST(Signature, EveryFlippedBitIsNoticed) {
  for (const KeyKind kind : kKinds) {
    const Bytes good = key_of(kind).sign(bytes_of(kMessage));
    ASSERT_TRUE(verifies(kind, good));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      Bytes damaged = good;
      damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      ASSERT_FALSE(verifies(kind, damaged)) << bit;
    }
  }
}

TEST(Signature, EveryFlippedBitOfTheMessageIsNoticed) {
  for (const KeyKind kind : kKinds) {
    const Bytes good = key_of(kind).sign(bytes_of(kMessage));
    for (std::size_t bit = 0; bit < kMessage.size() * 8; ++bit) {
      std::string damaged(kMessage);
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      ASSERT_FALSE(verifies(kind, good, damaged)) << bit;
    }
  }
}

TEST(Signature, LengthsAreExact) {
  for (const KeyKind kind : kKinds) {
    const Bytes good = key_of(kind).sign(bytes_of(kMessage));
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_FALSE(verifies(kind, longer));
    Bytes zero_before = good;
    zero_before.insert(zero_before.begin(), 0);
    EXPECT_FALSE(verifies(kind, zero_before));
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_FALSE(verifies(kind, ByteView(good).first(size))) << size;
    }
    Bytes twice = good;
    twice.insert(twice.end(), good.begin(), good.end());
    EXPECT_FALSE(verifies(kind, twice));
    EXPECT_FALSE(verifies(kind, Bytes(1 << 20, 1)));
  }
}

TEST(Signature, AnotherKeyOfTheSameKindDoesNotVerify) {
  for (const KeyKind kind : {KeyKind::p256, KeyKind::ed25519}) {
    EXPECT_FALSE(verifies(kind, PrivateKey::generate(kind).sign(bytes_of(kMessage))));
  }
}

TEST(Signature, AnEmptyMessageCanBeSigned) {
  for (const KeyKind kind : kKinds) EXPECT_TRUE(verifies(kind, key_of(kind).sign({}), ""));
}

Bytes joined(Bytes r, const Bytes& s) {
  r.insert(r.end(), s.begin(), s.end());
  return r;
}

struct EcdsaRow {
  std::string_view name;
  Bytes signature;
  bool valid;
};

TEST(Signature, EcdsaNumbersOutOfRange) {
  const Bytes good = key_of(KeyKind::p256).sign(bytes_of(kMessage));
  const Bytes r(good.begin(), good.begin() + 32);
  const Bytes s(good.begin() + 32, good.end());
  const Bytes zero(32, 0);
  Bytes one = zero;
  one.back() = 1;
  const Bytes n = *from_hex(test::kP256Order);
  Bytes n_less_one = n;
  --n_less_one.back();
  const Bytes most(32, 0xff);
  const std::vector<EcdsaRow> rows = {
      {"as signed", good, true},
      {"the other s", test::ecdsa_twin(good), true},  // ECDSA is malleable: both are valid
      {"psychic: r and s zero (CVE-2022-21449)", joined(zero, zero), false},
      {"r zero", joined(zero, s), false},
      {"s zero", joined(r, zero), false},
      {"r zero, s one", joined(zero, one), false},
      {"r one, s zero", joined(one, zero), false},
      {"r one, s one", joined(one, one), false},
      {"r is n", joined(n, s), false},
      {"s is n", joined(r, n), false},
      {"both n", joined(n, n), false},
      {"both n - 1", joined(n_less_one, n_less_one), false},
      {"both 2^256 - 1", joined(most, most), false},
      {"r and s exchanged", joined(s, r), false},
      {"DER instead of raw", key_of(KeyKind::p256).sign_der(bytes_of(kMessage)), false},
      {"empty DER sequence", {0x30, 0x00}, false},
      {"DER of two zeros", {0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00}, false},
  };
  for (const EcdsaRow& row : rows)
    EXPECT_EQ(verifies(KeyKind::p256, row.signature), row.valid) << row.name;
}

TEST(Signature, DerAndRawFormsAreTheSameNumbers) {
  for (int i = 0; i < 64; ++i) {  // often enough to meet numbers with a leading zero byte
    const std::string message = std::to_string(i);
    const Bytes der = key_of(KeyKind::p256).sign_der(bytes_of(message));
    const Bytes raw = raw_from_der(der);
    EXPECT_EQ(raw.size(), 64u);
    EXPECT_EQ(der_from_raw(raw), der);
    EXPECT_TRUE(verifies(KeyKind::p256, raw, message));
  }
  EXPECT_THROW(key_of(KeyKind::rsa).sign_der(bytes_of(kMessage)), std::logic_error);
}

struct PaddingRow {
  std::string_view name;
  Bytes block;
  bool valid;
};

TEST(Signature, RsaPaddingVariants) {
  const std::string sha256_hash = hex(sha256(bytes_of(kMessage)));
  const std::string sha1_hash = hex(sha1(bytes_of(kMessage)));
  const std::string good = "3031300d060960864801650304020105000420" + sha256_hash;
  const std::vector<PaddingRow> rows = {
      {"as RFC 8017 says", pkcs1_block(good, 202), true},
      // Bleichenbacher 2006: short padding, garbage behind the digest
      {"garbage after the digest", pkcs1_block(good, 8, 1, 0xff, 194), false},
      {"block type 2", pkcs1_block(good, 202, 2), false},
      {"block type 0", pkcs1_block(good, 202, 0, 0x00), false},
      {"padding not FF", pkcs1_block(good, 202, 1, 0xfe), false},
      {"NULL parameters left out",
       pkcs1_block("302f300b06096086480165030402010420" + sha256_hash, 204), false},
      {"digest without its DigestInfo", pkcs1_block(sha256_hash, 221), false},
      {"SHA-1", pkcs1_block("3021300906052b0e03021a05000414" + sha1_hash, 218), false},
      {"SHA-512's identifier, SHA-256's digest",
       pkcs1_block("3031300d060960864801650304020305000420" + sha256_hash, 202), false},
      {"length in long form",
       pkcs1_block("308131300d060960864801650304020105000420" + sha256_hash, 201), false},
      {"another digest", pkcs1_block(good.substr(0, good.size() - 2) + "00", 202),
       good.ends_with("00")},
  };
  for (const PaddingRow& row : rows) {
    EXPECT_EQ(verifies(KeyKind::rsa, test::rsa_of_block(key_of(KeyKind::rsa), row.block)),
              row.valid)
        << row.name;
  }
}

TEST(Signature, RsaNumbersOutOfRange) {
  const Bytes modulus = key_of(KeyKind::rsa).public_key().components().n;
  EXPECT_FALSE(verifies(KeyKind::rsa, Bytes(256, 0)));
  EXPECT_FALSE(verifies(KeyKind::rsa, modulus));
  EXPECT_FALSE(verifies(KeyKind::rsa, Bytes(256, 0xff)));
  Bytes one(256, 0);
  one.back() = 1;  // 1^e is 1 whatever the key
  EXPECT_FALSE(verifies(KeyKind::rsa, one));
}

TEST(Signature, RsaPssIsNotRs256) {
  const Bytes signature = test::pss_signature(key_of(KeyKind::rsa), kMessage);
  ASSERT_EQ(signature.size(), 256u);
  EXPECT_FALSE(verifies(KeyKind::rsa, signature));
}

TEST(Signature, Ed25519Extremes) {
  Bytes identity(64, 0);
  identity[0] = 1;  // R the neutral point, S zero: valid under a key of small order
  EXPECT_FALSE(verifies(KeyKind::ed25519, Bytes(64, 0)));
  EXPECT_FALSE(verifies(KeyKind::ed25519, identity));
  EXPECT_FALSE(verifies(KeyKind::ed25519, Bytes(64, 0xff)));
}

TEST(Signature, DerFormIsStrict) {
  const PrivateKey& key = key_of(KeyKind::p256);
  const Bytes good = key.sign_der(bytes_of(kMessage));
  const auto holds = [&](ByteView signature) {
    return key.public_key().verify_der(bytes_of(kMessage), signature);
  };
  ASSERT_TRUE(holds(good));
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes damaged = good;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    ASSERT_FALSE(holds(damaged)) << bit;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(holds(longer));
  // The same numbers with the length of the sequence in two bytes: BER, and not DER.
  Bytes loose = {good[0], 0x81};
  loose.insert(loose.end(), good.begin() + 1, good.end());
  EXPECT_FALSE(holds(loose));
  // Zeros verify anything in careless implementations.
  EXPECT_FALSE(holds(Bytes{0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00}));
  EXPECT_FALSE(holds({}));
  // Neither form is taken for the other.
  EXPECT_FALSE(key.public_key().verify(bytes_of(kMessage), good));
  EXPECT_FALSE(holds(key.sign(bytes_of(kMessage))));
}

}  // namespace
}  // namespace imp::crypto
