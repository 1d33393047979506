#include "crypto/password.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace imp::crypto {
namespace {

std::string hashed(std::string_view password) {
  return hash_password(password, PasswordCost::minimal);
}

TEST(Password, RoundTrip) {
  const std::string long_one(10'000, 'x');
  for (const std::string& password : {std::string("correct horse"), std::string(),
                                      std::string("p\0q", 3), std::string("пароль"), long_one}) {
    const std::string hash = hashed(password);
    EXPECT_TRUE(hash.starts_with("$argon2id$v=19$")) << hash;
    EXPECT_TRUE(verify_password(password, hash));
    EXPECT_FALSE(verify_password(password + "x", hash));
  }
}

TEST(Password, TheWholePasswordCounts) {
  EXPECT_FALSE(verify_password(std::string("p\0q", 3), hashed("p")));  // not cut at NUL
  EXPECT_FALSE(verify_password("Secret", hashed("secret")));
  EXPECT_FALSE(verify_password("", hashed("secret")));
  // bcrypt stops at 72 bytes; Argon2 must not
  EXPECT_FALSE(verify_password(std::string(72, 'a') + "b", hashed(std::string(72, 'a') + "c")));
}

TEST(Password, AnEmptyViewIsAnEmptyPassword) {
  EXPECT_TRUE(verify_password(std::string_view(), hashed("")));
  EXPECT_TRUE(verify_password("", hashed(std::string_view())));
}

TEST(Password, EachHashHasItsOwnSalt) { EXPECT_NE(hashed("secret"), hashed("secret")); }

TEST(Password, InteractiveCostIsWrittenIntoTheHash) {
  const std::string hash = hash_password("secret", PasswordCost::interactive);
  EXPECT_TRUE(hash.contains("$m=65536,t=2,p=1$")) << hash;
  EXPECT_TRUE(verify_password("secret", hash));
}

TEST(Password, WhatIsNoHashVerifiesNothing) {
  const std::string good = hashed("secret");
  std::string other_algorithm = good;
  other_algorithm.replace(0, 9, "$argon2i$");
  const std::vector<std::string> rows = {
      "",
      "secret",  // stored in the clear by mistake
      "$argon2id$",
      other_algorithm,
      "$2b$12$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      good.substr(0, good.size() - 1),
      good + "A",
      good + std::string(1, '\0'),
      good + std::string("\0garbage", 8),
      std::string(127, '$'),
      std::string(128, '$'),
      std::string(100'000, '$'),
  };
  for (const std::string& row : rows)
    EXPECT_FALSE(verify_password("secret", row)) << row.substr(0, 80);
}

}  // namespace
}  // namespace imp::crypto
