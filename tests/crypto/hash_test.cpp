#include "crypto/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace imp::crypto {
namespace {

struct DigestRow {
  std::string text;
  std::string_view sha1, sha256, sha512;
};

// FIPS 180-4's examples, and the empty text.
const std::vector<DigestRow> kDigests = {
    {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
    {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {std::string(1'000'000, 'a'), "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
     "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
     "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"},
};

TEST(Hash, PublishedDigests) {
  for (const DigestRow& row : kDigests) {
    SCOPED_TRACE(row.text.substr(0, 10));
    EXPECT_EQ(hex(sha1(bytes_of(row.text))), row.sha1);
    EXPECT_EQ(hex(sha256(bytes_of(row.text))), row.sha256);
    EXPECT_EQ(sha256_hex(row.text), row.sha256);
    EXPECT_EQ(hex(sha512(bytes_of(row.text))), row.sha512);
  }
}

TEST(Hash, StreamsAgreeWhateverThePieces) {
  for (const DigestRow& row : kDigests) {
    for (const std::size_t piece : {1'000'000u, 4096u, 127u}) {
      SCOPED_TRACE(piece);
      Sha512Stream wide;
      Sha1Stream narrow;
      for (std::size_t at = 0; at < row.text.size(); at += piece) {
        wide.update(bytes_of(std::string_view(row.text).substr(at, piece)));
        narrow.update(bytes_of(std::string_view(row.text).substr(at, piece)));
      }
      wide.update({});  // an empty piece changes nothing
      EXPECT_EQ(hex(wide.finish()), row.sha512);
      EXPECT_EQ(hex(narrow.finish()), row.sha1);
    }
  }
}

TEST(Hash, AStreamCanBeMovedHalfway) {
  Sha512Stream first;
  first.update(bytes_of("a"));
  Sha512Stream second = std::move(first);
  second.update(bytes_of("bc"));
  EXPECT_EQ(hex(second.finish()), kDigests[1].sha512);
}

TEST(Hash, HmacOfRfc4231) {
  const Bytes key1(20, 0x0b);
  EXPECT_EQ(hex(hmac_sha256(key1, bytes_of("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const Bytes long_key(131, 0xaa);  // longer than a block: hashed first
  EXPECT_EQ(hex(hmac_sha256(long_key,
                            bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hash, HmacWithoutKeyDoesNotReuseTheKeyBefore) {
  const auto with_key = hmac_sha256(bytes_of("secret"), bytes_of("m"));
  const auto without = hmac_sha256({}, bytes_of("m"));
  EXPECT_NE(with_key, without);
  EXPECT_EQ(hex(hmac_sha256({}, {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hash, ComparisonInConstantTimeIsExact) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("token", "token"));
  EXPECT_FALSE(equal_in_constant_time("token", "tokeN"));
  EXPECT_FALSE(equal_in_constant_time("token", "toke"));
  EXPECT_FALSE(equal_in_constant_time("token", "token "));
  EXPECT_FALSE(equal_in_constant_time("", "t"));
  using namespace std::string_view_literals;
  EXPECT_FALSE(equal_in_constant_time("a\0b"sv, "a\0c"sv));  // not a C string comparison
}

TEST(Hash, ThreadsShareNothing) {
  std::vector<std::thread> threads;
  std::vector<std::string> got(4);
  for (std::string& out : got) {
    threads.emplace_back([&out] {
      for (int i = 0; i < 200; ++i) out = hex(sha512(bytes_of("abc")));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& out : got) EXPECT_EQ(out, kDigests[1].sha512);
}

}  // namespace
}  // namespace imp::crypto
