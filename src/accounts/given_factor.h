#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace imp::accounts {

/// What a person gave as a second factor: a code, as most clients can, or a passkey's answer, as
/// browsers can.
struct GivenFactor {
  std::string code = {};     ///< TOTP code, recovery code, or the token of a web confirmation
  std::string passkey = {};  ///< an answer (webauthn/assertion.h); decides when it is there
  std::string browser = {};  ///< who the passkey's challenge was issued to (passkeys.h)

  GivenFactor() = default;
  /// A code: what every place that knows nothing of passkeys has.
  template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
  GivenFactor(const Text& given)  // NOLINT(google-explicit-constructor)
      : code(std::string_view(given)) {}
  static GivenFactor of_passkey(std::string answer, std::string browser) {
    GivenFactor given;
    given.passkey = std::move(answer);
    given.browser = std::move(browser);
    return given;
  }
};

}  // namespace imp::accounts
