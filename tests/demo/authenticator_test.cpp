#include "demo/authenticator.h"

#include <gtest/gtest.h>

namespace imp::demo {
namespace {

// The secret of RFC 6238's test vectors, "12345678901234567890".
constexpr std::string_view url =
    "otpauth://totp/Imprimatur:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Imprimatur";

ManualClock at_second(std::int64_t second) { return ManualClock(from_milliseconds(second * 1000)); }

TEST(Authenticator, KnowsTheVectorsOfRfc6238) {
  // The last six of the RFC's eight digits.
  for (const auto& [second, expected] : {std::pair<std::int64_t, std::string>{59, "287082"},
                                         {1111111109, "081804"},
                                         {1234567890, "005924"},
                                         {20000000000, "353130"}}) {
    const ManualClock clock = at_second(second);
    auto authenticator = Authenticator::from_url(url, clock);
    ASSERT_TRUE(authenticator);
    EXPECT_EQ(authenticator->code().value_or("none"), expected) << second;
  }
}

TEST(Authenticator, GivesNoCodeTwice) {
  const ManualClock clock = at_second(1111111109);
  auto authenticator = Authenticator::from_url(url, clock);
  ASSERT_TRUE(authenticator);
  authenticator->keep({"r1", "r2", "r3"});
  EXPECT_EQ(authenticator->code().value_or("none"), "081804");
  // The next half minute's, which servers accept already; then a recovery code.
  EXPECT_EQ(authenticator->code().value_or("none"), "050471");
  EXPECT_EQ(authenticator->code().value_or("none"), "r3");
  EXPECT_EQ(authenticator->recovery_codes().size(), 2u);
}

TEST(Authenticator, NeedsASecret) {
  const ManualClock clock = at_second(0);
  EXPECT_FALSE(Authenticator::from_url("otpauth://totp/Imprimatur:alice", clock));
  EXPECT_FALSE(Authenticator::from_url("https://example.org/?secret=GEZDGNBV", clock));
  auto odd = Authenticator::from_url("otpauth://totp/x?secret=1", clock);
  ASSERT_TRUE(odd);
  EXPECT_FALSE(odd->code());  // not base 32
}

}  // namespace
}  // namespace imp::demo
