#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "claim_table.h"
#include "forge.h"
#include "jose/verify.h"

namespace imp::jose {
namespace {

using namespace test;
using std::chrono::hours;
using std::chrono::seconds;

std::string at(std::int64_t second) { return std::to_string(second); }
Time second(std::int64_t since_1970) { return Time(seconds(since_1970)); }

struct TimeRow {
  std::string_view name;
  Milliseconds now;  ///< since kIssuedAt
  std::string_view code;
};

TEST(VerifyTimes, TimesMustBeWholeSeconds) {
  for (const std::string_view claim : {"exp", "iat", "nbf"}) {
    expect_claim_codes({
        {claim, "null", "claim_type"},
        {claim, "true", "claim_type"},
        {claim, R"("1800000000")", "claim_type"},
        {claim, R"("2027-01-15T08:00:00Z")", "claim_type"},
        {claim, "[1800000000]", "claim_type"},
        {claim, "1800000000.5", "claim_type"},
        {claim, "1800000000.0", "claim_type"},
        {claim, "1.8e9", "claim_type"},
        {claim, "1E1", "claim_type"},
        {claim, "-1", "claim_type"},
        {claim, "-1800000000", "claim_type"},
        {claim, "-0.0", "claim_type"},
        {claim, "253402300800", "claim_type"},          // the year 10000
        {claim, "9007199254740993", "claim_type"},      // 2^53 + 1
        {claim, "9223372036854775807", "claim_type"},   // would overflow in milliseconds
        {claim, "9223372036854775808", "claim_type"},   // 2^63
        {claim, "18446744073709551615", "claim_type"},  // -1 for who casts
        {claim, "18446744073709551616", "claim_type"},
        {claim, "1e300", "claim_type"},
        {claim, "1e999", "malformed"},
        {claim, "01800000000", "malformed"},
    });
  }
  expect_claim_codes({
      {"exp", "", "missing_claim"},
      {"iat", "", "missing_claim"},
      {"nbf", "", "ok"},
      {"exp", at(kIssuedAt - 1), "claim_type"},  // ends before it begins
      {"exp", "-0", "claim_type"},
      {"exp", "0", "claim_type"},
      {"nbf", "0", "ok"},
      {"iat", "0", "lifetime_too_long"},
      {"exp", "253402300799", "lifetime_too_long"},
      {"exp", "1800003600000", "claim_type"},  // milliseconds by mistake
  });
}

TEST(VerifyTimes, VeryDistantTimesDoNotOverflow) {
  VerifyPolicy policy = good_policy();
  policy.max_age.reset();
  policy.max_lifetime.reset();
  EXPECT_EQ(claim_code("exp", "253402300799", policy), "ok");
  EXPECT_EQ(claim_code("nbf", "253402300799", policy), "not_yet_valid");
  EXPECT_EQ(claim_code("iat", "0", policy), "ok");
  EXPECT_EQ(verified_code(good_token(), policy, second(253402300799)), "expired");
  EXPECT_EQ(verified_code(good_token(), policy, second(0)), "issued_in_future");
}

// iat is 0, nbf -, exp 3600, leeway 30.
TEST(VerifyTimes, ExpiryToTheMillisecond) {
  VerifyPolicy policy = good_policy();
  policy.max_age.reset();
  const std::vector<TimeRow> rows = {
      {"when issued", seconds(0), "ok"},
      {"one before exp", seconds(3599), "ok"},
      {"exp exactly", seconds(3600), "ok"},
      {"leeway - 1 ms", seconds(3630) - Milliseconds(1), "ok"},
      {"leeway exactly", seconds(3630), "expired"},  // "on or after" (RFC 7519 §4.1.4)
      {"leeway + 1 ms", seconds(3630) + Milliseconds(1), "expired"},
      {"a year later", hours(24 * 365), "expired"},
  };
  for (const TimeRow& row : rows) {
    EXPECT_EQ(verified_code(good_token(), policy, second(kIssuedAt) + row.now), row.code)
        << row.name;
  }
  policy.leeway = seconds(0);
  EXPECT_EQ(verified_code(good_token(), policy, second(kIssuedAt + 3600) - Milliseconds(1)), "ok");
  EXPECT_EQ(verified_code(good_token(), policy, second(kIssuedAt + 3600)), "expired");
}

TEST(VerifyTimes, IssuedInTheFuture) {
  const std::vector<TimeRow> rows = {
      {"leeway exactly", seconds(-30), "ok"},
      {"one millisecond more", seconds(-30) - Milliseconds(1), "issued_in_future"},
      {"a day", hours(-24), "issued_in_future"},
  };
  for (const TimeRow& row : rows) {
    EXPECT_EQ(verified_code(good_token(), good_policy(), second(kIssuedAt) + row.now), row.code)
        << row.name;
  }
}

TEST(VerifyTimes, NotBefore) {
  const std::string token = forge(good_header(), payload_with("nbf", at(kIssuedAt + 100)));
  const std::vector<TimeRow> rows = {
      {"when issued", seconds(0), "not_yet_valid"},
      {"leeway + 1 ms", seconds(70) - Milliseconds(1), "not_yet_valid"},
      {"leeway exactly", seconds(70), "ok"},
      {"nbf exactly", seconds(100), "ok"},
  };
  for (const TimeRow& row : rows) {
    EXPECT_EQ(verified_code(token, good_policy(), second(kIssuedAt) + row.now), row.code)
        << row.name;
  }
  EXPECT_EQ(claim_code("nbf", at(kIssuedAt + 7200)), "not_yet_valid");  // after exp
}

TEST(VerifyTimes, Age) {
  const std::vector<TimeRow> rows = {
      {"five minutes", seconds(300), "ok"},
      {"leeway exactly", seconds(330), "ok"},
      {"one millisecond more", seconds(330) + Milliseconds(1), "too_old"},
      {"nearly expired", seconds(3599), "too_old"},
      {"expired comes first", seconds(3630), "expired"},
  };
  for (const TimeRow& row : rows) {
    EXPECT_EQ(verified_code(good_token(), good_policy(), second(kIssuedAt) + row.now), row.code)
        << row.name;
  }
  VerifyPolicy policy = good_policy();
  policy.max_age.reset();
  EXPECT_EQ(verified_code(good_token(), policy, second(kIssuedAt + 3000)), "ok");
}

TEST(VerifyTimes, Lifetime) {
  expect_claim_codes({
      {"exp", at(kIssuedAt + 3600), "ok"},
      {"exp", at(kIssuedAt + 3601), "lifetime_too_long"},  // leeway does not stretch it
      {"exp", at(kIssuedAt + 100 * 365 * 86'400LL), "lifetime_too_long"},
      {"exp", at(kIssuedAt), "expired"},  // a lifetime of zero is over after the leeway
      {"iat", at(kIssuedAt - 1), "lifetime_too_long"},
  });
  VerifyPolicy policy = good_policy();
  policy.max_lifetime.reset();
  EXPECT_EQ(claim_code("exp", at(kIssuedAt + 1'000'000), policy), "ok");
}

// A clock that is set back makes a used token young again, never an unusable one usable for longer
// than its own lifetime.
TEST(VerifyTimes, AClockThatGoesBackwards) {
  ManualClock clock(second(kIssuedAt + 4000));
  EXPECT_EQ(verified_code(good_token(), good_policy(), clock.now()), "expired");
  clock.advance(-seconds(3950));
  EXPECT_EQ(verified_code(good_token(), good_policy(), clock.now()), "ok");
  clock.advance(-seconds(500));
  EXPECT_EQ(verified_code(good_token(), good_policy(), clock.now()), "issued_in_future");
}

}  // namespace
}  // namespace imp::jose
