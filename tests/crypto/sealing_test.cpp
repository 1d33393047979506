#include "crypto/sealing.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>

namespace imp::crypto {
namespace {

Sealer sealer(std::uint8_t fill = 7) { return Sealer(Bytes(32, fill)); }
constexpr std::string_view kPurpose = "context-variable/42";

std::string_view opened_code(const Sealer& sealer, std::string_view sealed,
                             std::string_view purpose = kPurpose) {
  const auto opened = sealer.open(sealed, purpose);
  return opened ? "ok" : opened.error().code();
}

TEST(Sealing, RoundTrip) {
  for (const std::string& secret : {std::string("NPM_TOKEN"), std::string(), std::string("a\0b", 3),
                                    std::string(100'000, 's')}) {
    const std::string sealed = sealer().seal(secret, kPurpose);
    const auto opened = sealer().open(sealed, kPurpose);
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, secret);
  }
}

TEST(Sealing, TheSealedTextIsPrintableAndShowsNothing) {
  const std::string sealed = sealer().seal("hunter2hunter2", kPurpose);
  EXPECT_TRUE(sealed.starts_with("v1."));
  EXPECT_EQ(sealed.substr(3).find_first_not_of(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  EXPECT_FALSE(text_of(*from_base64url(std::string_view(sealed).substr(3))).contains("hunter2"));
}

TEST(Sealing, TheSameSecretSealsDifferentlyEachTime) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(sealer().seal("secret", kPurpose));
  EXPECT_EQ(seen.size(), 100u);
}

TEST(Sealing, MovedToAnotherPurposeItStaysShut) {
  const std::string sealed = sealer().seal("secret", kPurpose);
  EXPECT_EQ(opened_code(sealer(), sealed), "ok");
  for (const std::string_view purpose :
       {"context-variable/43", "context-variable/4", "context-variable/421", "", "totp/42",
        "CONTEXT-VARIABLE/42"}) {
    EXPECT_EQ(opened_code(sealer(), sealed, purpose), "wrong_key_or_damaged") << purpose;
  }
}

TEST(Sealing, AnotherKeyDoesNotOpenIt) {
  const std::string sealed = sealer(7).seal("secret", kPurpose);
  EXPECT_EQ(opened_code(sealer(8), sealed), "wrong_key_or_damaged");
}

TEST(Sealing, EveryFlippedBitIsNoticed) {
  const std::string sealed = sealer().seal("secret", kPurpose);
  const Bytes bytes = *from_base64url(std::string_view(sealed).substr(3));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes damaged = bytes;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_EQ(opened_code(sealer(), "v1." + base64url(damaged)), "wrong_key_or_damaged") << bit;
  }
}

TEST(Sealing, EveryTruncationIsNoticed) {
  const std::string sealed = sealer().seal("secret", kPurpose);
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    EXPECT_EQ(opened_code(sealer(), sealed.substr(0, length)), "wrong_key_or_damaged") << length;
  }
}

TEST(Sealing, OtherFormsAreNotOpened) {
  const std::string sealed = sealer().seal("secret", kPurpose);
  for (const std::string& row :
       {sealed + "A", sealed + "=", " " + sealed, "v2" + sealed.substr(2), "V1" + sealed.substr(2),
        sealed.substr(3), std::string("secret"), std::string("v1.")}) {
    EXPECT_EQ(opened_code(sealer(), row), "wrong_key_or_damaged") << row;
  }
}

TEST(Sealing, TheRefusalShowsNeitherSecretNorSealedText) {
  const std::string sealed = sealer().seal("hunter2", kPurpose);
  const auto opened = sealer().open(sealed, "other");
  ASSERT_FALSE(opened);
  EXPECT_FALSE(opened.error().message.contains(sealed));
  EXPECT_TRUE(opened.error().detail.empty());
  EXPECT_EQ(opened.error().kind(), FailureKind::internal);
}

TEST(Sealing, AKeyOfAnotherLengthIsAProgrammingError) {
  for (const std::size_t size : {0u, 16u, 31u, 33u, 64u}) {
    EXPECT_THROW(Sealer(Bytes(size, 7)), std::invalid_argument) << size;
  }
}

TEST(Sealing, AMovedSealerStillOpens) {
  Sealer first = sealer();
  const std::string sealed = first.seal("secret", kPurpose);
  const Sealer second = std::move(first);
  EXPECT_EQ(opened_code(second, sealed), "ok");
}

}  // namespace
}  // namespace imp::crypto
