#include "accounts/second_factor.h"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>

#include "accounts/refusal.h"
#include "accounts/totp.h"
#include "base/encoding.h"
#include "crypto/hash.h"

namespace imp::accounts {
namespace {

constexpr Limit kByPerson{.what = "second_factor", .attempts = 10};
constexpr Milliseconds kRepeatable = std::chrono::seconds(60);
constexpr std::size_t kLongHexLength = 64;  // recovery codes and web confirmations

std::unexpected<Failure> wrong() {
  return refuse(AccountRefusal::second_factor_wrong,
                "The one-time password is wrong, has expired or was used before.");
}

/// Purposes as one text; the parts cannot run into each other.
std::string text_of(const Purpose& purpose) { return purpose.action + '\n' + purpose.subject; }

std::string normalised(std::string_view value) {
  std::string text(value);
  std::erase(text, ' ');
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

bool is_long_hex(std::string_view text) {
  return text.size() == kLongHexLength &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// One use of one value, while it runs through the kinds of factors that it may be.
struct Attempt {
  db::Session& session;
  const Person& person;
  const std::string value;
  const std::string value_hash;
  const Purpose& purpose;
  const Actor& actor;
  const Time now;
};

std::optional<FactorKind> repeated(const Attempt& attempt) {
  const auto row = attempt.session.row(
      "SELECT factor FROM accounts_factor_uses WHERE person_id = :p1 AND value_hash = :p2 AND "
      "credential = :p3 AND purpose = :p4 AND expires > :p5 AND expires <= :p6",
      {attempt.person.id, attempt.value_hash, attempt.actor.via, text_of(attempt.purpose),
       to_milliseconds(attempt.now),
       // By a clock that was ahead it would be repeatable until the clock is there again.
       to_milliseconds(attempt.now + kRepeatable)});
  if (!row) return std::nullopt;
  for (const FactorKind kind : {FactorKind::totp, FactorKind::recovery_code,
                                FactorKind::web_confirmation, FactorKind::web_passkey}) {
    if (row->text(0) == name(kind)) return kind;
  }
  return std::nullopt;
}

void remember(const Attempt& attempt, FactorKind kind) {
  attempt.session.run("DELETE FROM accounts_factor_uses WHERE expires <= :p1",
                      {to_milliseconds(attempt.now)});
  attempt.session.run(
      "INSERT INTO accounts_factor_uses (person_id, value_hash, credential, purpose, factor, "
      "expires) VALUES (:p1, :p2, :p3, :p4, :p5, :p6) ON CONFLICT DO NOTHING",
      {attempt.person.id, attempt.value_hash, attempt.actor.via, text_of(attempt.purpose),
       std::string(name(kind)), to_milliseconds(attempt.now + kRepeatable)});
}

Result<bool> use_totp(const Attempt& attempt, const db::Row& totp, const crypto::Sealer& sealer) {
  const auto secret = sealer.open(totp.text(0), "totp/" + attempt.person.id);
  if (!secret) return pass_on(secret);
  const auto step = match_totp(bytes_of(*secret), attempt.value, attempt.now, totp.integer(1));
  if (!step) return false;
  // The comparison is repeated by the statement: of two transactions that read the same last step,
  // one moves it.
  return attempt.session.run(
             "UPDATE accounts_totp SET last_step = :p1 WHERE person_id = :p2 AND last_step < :p3",
             {*step, attempt.person.id, *step}) == 1;
}

bool use_recovery_code(const Attempt& attempt) {
  return attempt.session.run(
             "DELETE FROM accounts_recovery_codes WHERE person_id = :p1 AND code_hash = :p2",
             {attempt.person.id, attempt.value_hash}) == 1;
}

std::optional<FactorKind> use_web_confirmation(const Attempt& attempt) {
  const auto flow = attempt.session.row(
      "SELECT factor FROM accounts_web_flows WHERE token_hash = :p1", {attempt.value_hash});
  const bool used = attempt.session.run(
                        "UPDATE accounts_web_flows SET state = 'used' WHERE token_hash = :p1 AND "
                        "state = 'collected' AND kind = 'confirmation' AND person_id = :p2 AND "
                        "action = :p3 AND subject = :p4 AND expires > :p5",
                        {attempt.value_hash, attempt.person.id, attempt.purpose.action,
                         attempt.purpose.subject, to_milliseconds(attempt.now)}) == 1;
  if (!used) return std::nullopt;
  return flow->text(0) == name(FactorKind::passkey) ? FactorKind::web_passkey
                                                    : FactorKind::web_confirmation;
}

Result<std::optional<FactorKind>> use(const Attempt& attempt, const std::optional<db::Row>& totp,
                                      const crypto::Sealer& sealer) {
  if (is_long_hex(attempt.value)) {
    if (use_recovery_code(attempt)) return FactorKind::recovery_code;
    return use_web_confirmation(attempt);
  }
  if (!totp) return std::nullopt;  // a passkey alone: there are no codes
  const auto used = use_totp(attempt, *totp, sealer);
  if (!used) return pass_on(used);
  if (!*used) return std::nullopt;
  return FactorKind::totp;
}

}  // namespace

std::string_view name(FactorKind kind) {
  switch (kind) {
    case FactorKind::none:
      return "none";
    case FactorKind::totp:
      return "totp";
    case FactorKind::passkey:
      return "passkey";
    case FactorKind::recovery_code:
      return "recovery_code";
    case FactorKind::web_confirmation:
      return "web_confirmation";
    case FactorKind::web_passkey:
      return "web_passkey";
  }
  return "none";
}

bool has_second_factor(db::Session& session, std::string_view person_id) {
  return session
      .row(
          "SELECT 1 FROM accounts_totp WHERE person_id = :p1 AND enabled IS NOT NULL UNION ALL "
          "SELECT 1 FROM accounts_passkeys WHERE person_id = :p2",
          {std::string(person_id), std::string(person_id)})
      .has_value();
}

void forget_second_factor(db::Session& session, const std::string& person_id) {
  session.run("DELETE FROM accounts_recovery_codes WHERE person_id = :p1", {person_id});
  session.run("DELETE FROM accounts_factor_uses WHERE person_id = :p1", {person_id});
  session.run("UPDATE accounts_sessions SET second_factor_at = NULL WHERE person_id = :p1",
              {person_id});
}

Result<Confirmation> SecondFactors::check(const Person& person, const GivenFactor& given,
                                          const Purpose& purpose, const Actor& actor) {
  if (auto admitted = admit(person, actor); !admitted) return pass_on(admitted);
  auto outcome = services_.database.write([&](db::Session& session) -> Result<Confirmation> {
    return consume(session, person, given, purpose, actor);
  });
  settle(person, outcome, actor);
  return outcome;
}

Result<Confirmation> SecondFactors::consume(db::Session& session, const Person& person,
                                            const GivenFactor& given, const Purpose& purpose,
                                            const Actor& actor) {
  if (!given.passkey.empty()) {
    // Never repeatable: a browser that is asked again can ask the person again.
    const auto used = passkeys_.use(session, person.id, given.browser, given.passkey, purpose);
    if (!used) return pass_on(used);
    trail_.append(session, actor, "second_factor.use", "user:" + person.name,
                  fmt::format("passkey {} for {} {}", *used, purpose.action, purpose.subject));
    return Confirmation{.kind = FactorKind::passkey, .at = services_.clock.now()};
  }
  const std::string text = normalised(given.code);
  const Attempt attempt{.session = session,
                        .person = person,
                        .value = text,
                        .value_hash = crypto::sha256_hex(text),
                        .purpose = purpose,
                        .actor = actor,
                        .now = services_.clock.now()};
  const auto totp = session.row(
      "SELECT secret, last_step FROM accounts_totp WHERE person_id = :p1 AND enabled IS NOT NULL",
      {person.id});
  if (!totp && !has_second_factor(session, person.id)) {
    return refuse(AccountRefusal::second_factor_not_enabled, "This account has no second factor.");
  }
  if (purpose.repeatable) {
    if (const auto kind = repeated(attempt)) return Confirmation{.kind = *kind, .at = attempt.now};
  }
  const auto used = use(attempt, totp, services_.sealer);
  if (!used) return pass_on(used);
  if (!*used) return wrong();
  if (purpose.repeatable) remember(attempt, **used);
  trail_.append(session, actor, "second_factor.use", "user:" + person.name,
                fmt::format("{} for {} {}", name(**used), purpose.action, purpose.subject));
  return Confirmation{.kind = **used, .at = attempt.now};
}

Result<void> SecondFactors::admit(const Person& person, const Actor& actor) {
  const Throttle::Admission admission = throttle_.admit(kByPerson, person.id);
  if (admission.admitted) return {};
  auto refusal = refuse(AccountRefusal::too_many_attempts,
                        "Too many wrong one-time passwords; wait 15 minutes and try again.");
  if (admission.first_refusal) {
    trail_.refused(actor, "second_factor.use", "user:" + person.name, refusal.error());
  }
  return refusal;
}

void SecondFactors::settle(const Person& person, const Result<Confirmation>& outcome,
                           const Actor& actor) {
  const bool guessed = !outcome && (outcome.error().kind() == FailureKind::challenge ||
                                    outcome.error().code() ==
                                        reason(AccountRefusal::second_factor_unconfirmed).code);
  if (!guessed) throttle_.refund(kByPerson, person.id);
  if (!outcome) {
    trail_.refused(actor, "second_factor.use", "user:" + person.name, outcome.error());
  }
}

}  // namespace imp::accounts
