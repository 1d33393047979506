#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "accounts/given_factor.h"
#include "accounts/passkeys.h"
#include "accounts/person.h"
#include "accounts/purpose.h"
#include "accounts/services.h"
#include "accounts/throttle.h"
#include "accounts/trail.h"
#include "db/database.h"

namespace imp::accounts {

enum class FactorKind : std::uint8_t {
  none,
  totp,
  passkey,
  recovery_code,
  web_confirmation,  ///< by a code, in the browser
  web_passkey        ///< by a passkey, in the browser, for a client elsewhere
};
std::string_view name(FactorKind kind);
/// Whether it was a passkey: what cannot be typed into a page that only looks like this server.
inline bool by_passkey(FactorKind kind) {
  return kind == FactorKind::passkey || kind == FactorKind::web_passkey;
}

struct Confirmation {
  FactorKind kind = FactorKind::none;
  Time at;
};

/// What an authenticator app is set up with.
struct TotpSetup {
  std::string url;     ///< otpauth://…, as text and as QR code
  std::string secret;  ///< base 32, for typing
};

struct SecondFactorState {
  bool enabled = false;  ///< by an authenticator app, a passkey, or both
  bool totp = false;     ///< an authenticator app is confirmed
  int passkeys = 0;
  bool pending = false;  ///< an app is set up, not yet confirmed by a code
  int recovery_codes_left = 0;
  std::optional<Time> enabled_at;
};

bool has_second_factor(db::Session& session, std::string_view person_id);
/// What hangs on having a second factor, when the last one is gone: recovery codes, remembered
/// uses, the confirmations of sessions.
void forget_second_factor(db::Session& session, const std::string& person_id);

/// TOTP, passkeys and recovery codes. A code is accepted once: of two requests with the same code,
/// whatever their timing, one wins. Wrong codes are limited per person (`too_many_attempts`).
class SecondFactors {
 public:
  SecondFactors(const Services& services, Trail& trail, Throttle& throttle, Passkeys& passkeys)
      : services_(services), trail_(trail), throttle_(throttle), passkeys_(passkeys) {}

  Result<SecondFactorState> state(std::string_view person_id) const;

  /// Starts (or restarts) enabling; nothing changes for sign-in until confirmed, which is possible
  /// for 15 minutes.
  Result<TotpSetup> begin_totp(const Person& person, const Actor& actor);
  /// The set-up of a pending enabling, to show it again.
  Result<TotpSetup> pending_totp(const Person& person) const;
  /// Confirms with a code of the app; returns five recovery codes (64 hexadecimal digits each, the
  /// form that npm's prompt takes), shown this once.
  Result<std::vector<std::string>> confirm_totp(const Person& person, std::string_view code,
                                                const Actor& actor);
  /// Replaces the recovery codes. The caller has asked for a second factor.
  Result<std::vector<std::string>> renew_recovery_codes(const Person& person, const Actor& actor);
  /// Removes the authenticator app of somebody who has passkeys too; disable() otherwise. The
  /// caller has checked password and second factor.
  Result<void> remove_totp(const Person& person, const Actor& actor);
  /// All of them, with the recovery codes. The caller has checked password and second factor, or is
  /// an administrator helping somebody.
  Result<void> disable(const Person& person, const Actor& actor);

  /// Checks what a person gave (`npm-otp` header, form field): TOTP code, recovery code, a token
  /// that a web confirmation handed out for this purpose, or a passkey's answer. In a transaction
  /// of its own. second_factor_not_enabled, second_factor_wrong, too_many_attempts, and what
  /// Passkeys::use() refuses.
  Result<Confirmation> check(const Person& person, const GivenFactor& given, const Purpose& purpose,
                             const Actor& actor);
  /// The same inside the transaction of the decision. The caller wraps it in admit() and settle().
  Result<Confirmation> consume(db::Session& session, const Person& person, const GivenFactor& given,
                               const Purpose& purpose, const Actor& actor);
  /// Counts an attempt before it is made, so that a thousand at once are a thousand.
  Result<void> admit(const Person& person, const Actor& actor);
  /// A right code: the attempt is taken back. A wrong one stays counted, and is recorded.
  void settle(const Person& person, const Result<Confirmation>& outcome, const Actor& actor);

 private:
  const Services& services_;
  Trail& trail_;
  Throttle& throttle_;
  Passkeys& passkeys_;
};

}  // namespace imp::accounts
