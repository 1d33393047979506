#include "accounts/totp.h"

#include <fmt/format.h>
#include <liboath/oath.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>

#include "crypto/hash.h"

namespace imp::accounts {
namespace {

constexpr unsigned kDigits = 6;

bool initialised() {
  static const bool done = oath_init() == OATH_OK;
  return done;
}

const char* chars_of(ByteView bytes) { return reinterpret_cast<const char*>(bytes.data()); }

}  // namespace

std::int64_t totp_step(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count() /
         kTotpStepSeconds;
}

std::string totp_code(ByteView secret, std::int64_t step) {
  std::array<char, kDigits + 1> code{};
  if (!initialised() || step < 0 ||
      oath_hotp_generate(chars_of(secret), secret.size(), static_cast<std::uint64_t>(step), kDigits,
                         false, OATH_HOTP_DYNAMIC_TRUNCATION, code.data()) != OATH_OK) {
    return {};
  }
  return code.data();
}

std::optional<std::int64_t> match_totp(ByteView secret, std::string_view code, Time now,
                                       std::int64_t last_step) {
  std::string digits(code);
  std::erase(digits, ' ');
  if (digits.size() != kDigits ||
      !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  const std::int64_t current = totp_step(now);
  std::optional<std::int64_t> match;
  for (std::int64_t step = current - kTotpWindow; step <= current + kTotpWindow; ++step) {
    const std::string expected = totp_code(secret, step);
    const bool equal = crypto::equal_in_constant_time(std::string_view(digits), expected);
    if (equal && step > last_step && !match) match = step;
  }
  return match;
}

std::string base32(ByteView bytes) {
  char* encoded = nullptr;
  std::size_t length = 0;
  if (oath_base32_encode(chars_of(bytes), bytes.size(), &encoded, &length) != OATH_OK) return {};
  const std::unique_ptr<char, decltype(&std::free)> owned(encoded, &std::free);
  std::string text(encoded, length);
  text.erase(std::ranges::find(text, '='), text.end());
  return text;
}

std::string otpauth_url(std::string_view product, std::string_view name, ByteView secret) {
  return fmt::format(
      "otpauth://totp/{0}:{1}?secret={2}&issuer={0}&algorithm=SHA1&digits=6&period=30",
      percent_encode(product), percent_encode(name), base32(secret));
}

}  // namespace imp::accounts
