#include <chrono>

#include "accounts/recovery_codes.h"
#include "accounts/refusal.h"
#include "accounts/second_factor.h"
#include "accounts/totp.h"
#include "base/encoding.h"

namespace imp::accounts {
namespace {

constexpr std::size_t kSecretBytes = 20;  // RFC 4226 §4 recommends 160 bits
/// Begun with the password and the factor that is there; whoever finds the session later has
/// neither, and must not finish it.
constexpr Milliseconds kSetupLifetime = std::chrono::minutes(15);

std::string purpose_of(const Person& person) { return "totp/" + person.id; }

TotpSetup setup_of(const Settings& settings, const Person& person, std::string_view secret) {
  return {.url = otpauth_url(settings.product, person.name, bytes_of(secret)),
          .secret = base32(bytes_of(secret))};
}

std::unexpected<Failure> not_pending() {
  return refuse(AccountRefusal::second_factor_not_pending,
                "No second factor is being set up, or not in the last 15 minutes; start again.");
}

/// The sealed secret of an app that is being set up.
std::optional<std::string> pending_secret(db::Session& session, const std::string& person_id,
                                          Time now) {
  const auto row = session.row(
      "SELECT secret FROM accounts_totp WHERE person_id = :p1 AND enabled IS NULL AND created > "
      ":p2",
      {person_id, to_milliseconds(now - kSetupLifetime)});
  return row ? std::optional(row->text(0)) : std::nullopt;
}

Result<void> require_self(const Person& person, const Actor& actor) {
  if (auto full = require_full_credential(actor); !full) return full;
  if (actor.person_id == person.id) return {};
  return refuse(AccountRefusal::administrator_only,
                "Only the person themselves may set up their second factor.");
}

}  // namespace

Result<SecondFactorState> SecondFactors::state(std::string_view person_id) const {
  return services_.database.read([&](db::Session& session) -> Result<SecondFactorState> {
    SecondFactorState state;
    const std::string id(person_id);
    const auto row = session.row("SELECT enabled FROM accounts_totp WHERE person_id = :p1", {id});
    state.totp = row && !row->null(0);
    state.pending = pending_secret(session, id, services_.clock.now()).has_value();
    if (state.totp) state.enabled_at = from_milliseconds(row->integer(0));
    for (const Passkey& passkey : passkeys_of(session, id)) {
      ++state.passkeys;
      state.enabled_at = std::min(state.enabled_at.value_or(passkey.created), passkey.created);
    }
    state.enabled = state.totp || state.passkeys > 0;
    if (!state.enabled) return state;
    const auto codes =
        session.row("SELECT COUNT(*) FROM accounts_recovery_codes WHERE person_id = :p1", {id});
    state.recovery_codes_left = static_cast<int>(codes->integer(0));
    return state;
  });
}

Result<TotpSetup> SecondFactors::begin_totp(const Person& person, const Actor& actor) {
  if (auto allowed = require_self(person, actor); !allowed) return pass_on(allowed);
  const Bytes secret = services_.random.bytes(kSecretBytes);
  const std::string sealed = services_.sealer.seal(text_of(secret), purpose_of(person));
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    session.run("DELETE FROM accounts_totp WHERE person_id = :p1 AND enabled IS NULL", {person.id});
    const bool added = session.insert_if_absent(
        "INSERT INTO accounts_totp (person_id, secret, created, last_step) "
        "VALUES (:p1, :p2, :p3, -1) ON CONFLICT DO NOTHING",
        {person.id, sealed, to_milliseconds(services_.clock.now())});
    if (!added) {
      return refuse(
          AccountRefusal::second_factor_already_enabled,
          "An authenticator app is enabled already; remove it first to set up another one.");
    }
    trail_.append(session, actor, "second_factor.begin", "user:" + person.name, "totp");
    return {};
  });
  if (!done) return pass_on(done);
  return setup_of(services_.settings, person, text_of(secret));
}

Result<TotpSetup> SecondFactors::pending_totp(const Person& person) const {
  return services_.database.read([&](db::Session& session) -> Result<TotpSetup> {
    const auto sealed = pending_secret(session, person.id, services_.clock.now());
    if (!sealed) return not_pending();
    const auto secret = services_.sealer.open(*sealed, purpose_of(person));
    if (!secret) return pass_on(secret);
    return setup_of(services_.settings, person, *secret);
  });
}

Result<std::vector<std::string>> SecondFactors::confirm_totp(const Person& person,
                                                             std::string_view code,
                                                             const Actor& actor) {
  using Codes = std::vector<std::string>;
  if (auto allowed = require_self(person, actor); !allowed) return pass_on(allowed);
  if (auto admitted = admit(person, actor); !admitted) return pass_on(admitted);
  const Time now = services_.clock.now();
  auto codes = services_.database.write([&](db::Session& session) -> Result<Codes> {
    const auto sealed = pending_secret(session, person.id, now);
    if (!sealed) return not_pending();
    const auto secret = services_.sealer.open(*sealed, purpose_of(person));
    if (!secret) return pass_on(secret);
    const auto step = match_totp(bytes_of(*secret), code, now, -1);
    if (!step) {
      // Not a challenge: npm would say that the command needs a code, and hide this sentence.
      return refuse(AccountRefusal::second_factor_unconfirmed,
                    "The code does not fit, so the second factor is not enabled yet: check the "
                    "clock of the device and try again with the next code.");
    }
    // The code that confirmed is used up as well.
    const std::int64_t enabled = session.run(
        "UPDATE accounts_totp SET enabled = :p1, last_step = :p2 WHERE person_id = :p3 AND "
        "enabled IS NULL",
        {to_milliseconds(now), *step, person.id});
    if (enabled != 1) return not_pending();
    trail_.append_and_tell(session, actor, person, "second_factor.enable", "user:" + person.name,
                           "totp");
    return replace_recovery_codes(session, person.id, services_.random);
  });
  const Result<Confirmation> outcome =
      codes ? Result<Confirmation>(Confirmation{.kind = FactorKind::totp, .at = now})
            : Result<Confirmation>(pass_on(codes));
  settle(person, outcome, actor);
  return codes;
}

Result<std::vector<std::string>> SecondFactors::renew_recovery_codes(const Person& person,
                                                                     const Actor& actor) {
  using Codes = std::vector<std::string>;
  if (auto allowed = require_self(person, actor); !allowed) return pass_on(allowed);
  return services_.database.write([&](db::Session& session) -> Result<Codes> {
    if (!has_second_factor(session, person.id)) {
      return refuse(AccountRefusal::second_factor_not_enabled,
                    "This account has no second factor.");
    }
    trail_.append_and_tell(session, actor, person, "second_factor.recovery_codes",
                           "user:" + person.name);
    return replace_recovery_codes(session, person.id, services_.random);
  });
}

Result<void> SecondFactors::remove_totp(const Person& person, const Actor& actor) {
  if (auto allowed = require_self(person, actor); !allowed) return allowed;
  return services_.database.write([&](db::Session& session) -> Result<void> {
    if (session.run("DELETE FROM accounts_totp WHERE person_id = :p1", {person.id}) == 0) {
      return refuse(AccountRefusal::second_factor_not_enabled,
                    "This account has no authenticator app.");
    }
    trail_.append_and_tell(session, actor, person, "second_factor.remove", "user:" + person.name,
                           "totp");
    if (!has_second_factor(session, person.id)) {
      forget_second_factor(session, person.id);
      trail_.append_and_tell(session, actor, person, "second_factor.disable",
                             "user:" + person.name);
    }
    return {};
  });
}

Result<void> SecondFactors::disable(const Person& person, const Actor& actor) {
  if (auto full = require_full_credential(actor); !full) return full;
  if (!actor.is_admin && actor.person_id != person.id) {
    return refuse(AccountRefusal::administrator_only,
                  "Only the person themselves or an administrator may disable a second factor.");
  }
  return services_.database.write([&](db::Session& session) -> Result<void> {
    const std::int64_t rows =
        session.run("DELETE FROM accounts_totp WHERE person_id = :p1", {person.id}) +
        session.run("DELETE FROM accounts_passkeys WHERE person_id = :p1", {person.id});
    if (rows == 0) {
      return refuse(AccountRefusal::second_factor_not_enabled,
                    "This account has no second factor.");
    }
    forget_second_factor(session, person.id);
    trail_.append_and_tell(session, actor, person, "second_factor.disable", "user:" + person.name);
    return {};
  });
}

}  // namespace imp::accounts
