#include "demo/authenticator.h"

#include <liboath/oath.h>

#include <array>
#include <cstdlib>
#include <thread>

namespace imp::demo {

namespace {

constexpr std::int64_t kStepSeconds = 30;
constexpr std::size_t kKeptRecoveryCodes = 2;

Outcome<std::string> totp(const std::string& secret, std::int64_t step) {
  static const bool initialised = oath_init() == OATH_OK;
  if (!initialised) return surprise("liboath", "it cannot be initialised");
  char* key = nullptr;
  std::size_t size = 0;
  if (oath_base32_decode(secret.data(), secret.size(), &key, &size) != OATH_OK) {
    return surprise("a secret in base 32", "\"" + secret + "\"");
  }
  std::array<char, 7> digits{};
  const int done = oath_hotp_generate(key, size, static_cast<std::uint64_t>(step), 6, false,
                                      OATH_HOTP_DYNAMIC_TRUNCATION, digits.data());
  std::free(key);  // liboath allocates it
  if (done != OATH_OK) return surprise("a code of the authenticator", oath_strerror(done));
  return std::string(digits.data());
}

}  // namespace

Outcome<Authenticator> Authenticator::from_url(std::string_view url, const Clock& clock) {
  constexpr std::string_view parameter = "secret=";
  const std::size_t at = url.find(parameter);
  if (!url.starts_with("otpauth://totp/") || at == url.npos) {
    return surprise("an otpauth://totp/ URL with a secret", std::string(url));
  }
  const std::string_view rest = url.substr(at + parameter.size());
  return Authenticator(std::string(rest.substr(0, rest.find('&'))), clock);
}

Outcome<std::string> Authenticator::code() {
  for (;;) {
    const std::int64_t now = to_milliseconds(clock_->now()) / 1000 / kStepSeconds;
    const std::int64_t step = std::max(now, last_step_ + 1);
    if (step <= now + 1) {
      last_step_ = step;
      return totp(secret_, step);
    }
    if (recovery_.size() > kKeptRecoveryCodes) {
      std::string code = std::move(recovery_.back());
      recovery_.pop_back();
      return code;
    }
    std::this_thread::sleep_for(Milliseconds(500));
  }
}

}  // namespace imp::demo
