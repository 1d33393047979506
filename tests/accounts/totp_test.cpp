#include "accounts/totp.h"

#include <gtest/gtest.h>

#include <chrono>

namespace imp::accounts {
namespace {

constexpr std::string_view kSecret = "12345678901234567890";  // RFC 6238 appendix B

Time at(std::int64_t seconds) { return from_milliseconds(seconds * 1000); }

TEST(Totp, VectorsOfRfc6238) {
  // Appendix B lists eight digits; six digits are the last six of them.
  const struct {
    std::int64_t seconds;
    std::string_view code;
  } cases[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
               {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
  for (const auto& [seconds, code] : cases) {
    EXPECT_EQ(totp_code(bytes_of(kSecret), totp_step(at(seconds))), code) << seconds;
    EXPECT_EQ(match_totp(bytes_of(kSecret), code, at(seconds), -1), totp_step(at(seconds)));
  }
}

TEST(Totp, WindowIsOneStepBothWaysAndExactAtItsEdges) {
  const std::int64_t step = 1'000'000;
  const std::string code = totp_code(bytes_of(kSecret), step);
  const std::int64_t begin = step * kTotpStepSeconds;
  const struct {
    std::int64_t milliseconds;  // from the begin of the step
    bool accepted;
  } cases[] = {{-30'001, false}, {-30'000, true}, {0, true},
               {29'999, true},   {59'999, true},  {60'000, false}};
  for (const auto& [offset, accepted] : cases) {
    const Time now = at(begin) + Milliseconds(offset);
    EXPECT_EQ(match_totp(bytes_of(kSecret), code, now, -1).has_value(), accepted) << offset;
  }
}

TEST(Totp, StepsUpToTheLastAcceptedOneAreUsedUp) {
  const std::int64_t step = 1'000'000;
  const Time now = at(step * kTotpStepSeconds);
  const std::string before = totp_code(bytes_of(kSecret), step - 1);
  const std::string current = totp_code(bytes_of(kSecret), step);
  EXPECT_EQ(match_totp(bytes_of(kSecret), before, now, step - 2), step - 1);
  EXPECT_FALSE(match_totp(bytes_of(kSecret), before, now, step - 1));
  EXPECT_FALSE(match_totp(bytes_of(kSecret), before, now, step));
  EXPECT_EQ(match_totp(bytes_of(kSecret), current, now, step - 1), step);
  EXPECT_FALSE(match_totp(bytes_of(kSecret), current, now, step));
}

TEST(Totp, OnlySixDigitsMatch) {
  const std::string code = totp_code(bytes_of(kSecret), 1);
  const Time now = at(kTotpStepSeconds);
  EXPECT_TRUE(match_totp(bytes_of(kSecret), code, now, -1));
  EXPECT_TRUE(match_totp(bytes_of(kSecret), code.substr(0, 3) + " " + code.substr(3), now, -1));
  const std::string cases[] = {"",
                               "0",
                               code.substr(1),
                               code + "0",
                               "-" + code,
                               "+" + code,
                               code + "\n",
                               "0x" + code,
                               "      ",
                               code.substr(0, 5) + "\xd9\xa0",  // an Arabic-Indic digit
                               std::string(100'000, '0')};
  for (const std::string& text : cases) {
    EXPECT_FALSE(match_totp(bytes_of(kSecret), text, now, -1)) << text.substr(0, 20);
  }
}

TEST(Totp, Base32OfRfc4648) {
  const struct {
    std::string_view bytes, text;
  } cases[] = {{"f", "MY"},         {"fo", "MZXQ"},        {"foo", "MZXW6"},
               {"foob", "MZXW6YQ"}, {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}};
  for (const auto& [bytes, text] : cases) EXPECT_EQ(base32(bytes_of(bytes)), text);
}

TEST(Totp, UrlForAuthenticatorApps) {
  EXPECT_EQ(otpauth_url("My & Co", "alice", bytes_of(kSecret)),
            "otpauth://totp/My%20%26%20Co:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
            "&issuer=My%20%26%20Co&algorithm=SHA1&digits=6&period=30");
}

}  // namespace
}  // namespace imp::accounts
