#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "demo/outcome.h"

namespace imp::demo {

/// An authenticator app (RFC 6238: SHA-1, 30 seconds, six digits) with the recovery codes beside
/// it.
class Authenticator {
 public:
  /// From an otpauth:// URL.
  static Outcome<Authenticator> from_url(std::string_view url, const Clock& clock);

  void keep(std::vector<std::string> recovery_codes) { recovery_ = std::move(recovery_codes); }

  /// A code that the server will take. Each counts once: when this half minute's is used up, the
  /// next one's (which is accepted already), then a recovery code while more than two are left,
  /// then waiting.
  Outcome<std::string> code();

  const std::string& secret() const { return secret_; }  ///< base 32
  const std::vector<std::string>& recovery_codes() const { return recovery_; }

 private:
  Authenticator(std::string secret, const Clock& clock)
      : secret_(std::move(secret)), clock_(&clock) {}

  std::string secret_;
  const Clock* clock_;
  std::int64_t last_step_ = 0;
  std::vector<std::string> recovery_;
};

}  // namespace imp::demo
