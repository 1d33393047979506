#include "accounts/passkey_challenges.h"

#include <fmt/format.h>
#include <chrono>

#include "accounts/refusal.h"
#include "base/encoding.h"

namespace imp::accounts {
namespace {

constexpr std::size_t kBytes = 32;
constexpr Milliseconds kLifetime = std::chrono::minutes(5);
constexpr std::int64_t kKept = 20;

}  // namespace

std::string PasskeyChallenges::issue(db::Session& session, const std::string& browser,
                                     const Purpose& purpose) {
  std::string challenge = base64url(services_.random.bytes(kBytes));
  session.run(
      "DELETE FROM accounts_passkey_challenges WHERE browser = :p1 AND challenge NOT IN (SELECT "
      "challenge FROM accounts_passkey_challenges WHERE browser = :p2 ORDER BY expires DESC "
      "LIMIT :p3)",
      {browser, browser, kKept - 1});
  session.run(
      "INSERT INTO accounts_passkey_challenges (challenge, browser, action, subject, expires) "
      "VALUES (:p1, :p2, :p3, :p4, :p5)",
      {challenge, browser, purpose.action, purpose.subject,
       to_milliseconds(services_.clock.now() + kLifetime)});
  return challenge;
}

std::string PasskeyChallenges::newest(db::Session& session, const std::string& browser,
                                      const Purpose& purpose) const {
  const auto row = session.row(
      "SELECT challenge FROM accounts_passkey_challenges WHERE browser = :p1 AND action = :p2 AND "
      "subject = :p3 AND expires > :p4 ORDER BY expires DESC, challenge",
      {browser, purpose.action, purpose.subject, to_milliseconds(services_.clock.now())});
  return row ? row->text(0) : std::string();
}

Result<void> PasskeyChallenges::consume(db::Session& session, const std::string& challenge,
                                        const std::string& browser, const Purpose& purpose) {
  const auto unknown = [] {
    return refuse(AccountRefusal::passkey_challenge_unknown,
                  "The passkey's answer came too late, was used before or was asked for in another "
                  "browser; try again.");
  };
  if (!from_base64url(challenge)) return unknown();  // what we never issue, the store may not hold
  const auto row = session.row(
      "SELECT action, subject FROM accounts_passkey_challenges WHERE challenge = :p1 AND "
      "browser = :p2 AND expires > :p3",
      {challenge, browser, to_milliseconds(services_.clock.now())});
  if (!row) return unknown();
  if (row->text(0) != purpose.action || row->text(1) != purpose.subject) {
    return refuse(AccountRefusal::passkey_wrong_purpose,
                  "The passkey was used to confirm something else than this; try again.",
                  fmt::format("asked for {} {}, used for {} {}", row->text(0), row->text(1),
                              purpose.action, purpose.subject));
  }
  const std::int64_t rows =
      session.run("DELETE FROM accounts_passkey_challenges WHERE challenge = :p1", {challenge});
  if (rows != 1) return unknown();
  return {};
}

Result<std::int64_t> PasskeyChallenges::purge_expired() {
  return services_.database.write([&](db::Session& session) -> Result<std::int64_t> {
    return session.run("DELETE FROM accounts_passkey_challenges WHERE expires <= :p1",
                       {to_milliseconds(services_.clock.now())});
  });
}

}  // namespace imp::accounts
