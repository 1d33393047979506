#include "accounts/sessions.h"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>

#include "accounts/csrf.h"
#include "accounts/refusal.h"
#include "base/encoding.h"
#include "base/uuid.h"
#include "crypto/hash.h"

namespace imp::accounts {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kSecretLength = 43;  // base64url without padding
constexpr Milliseconds kPendingLifetime = std::chrono::minutes(10);
constexpr Milliseconds kTouchEvery = std::chrono::minutes(5);
constexpr std::size_t kLongestUserAgent = 200;

constexpr std::string_view kColumns =
    "id, person_id, pending, second_factor_at, created, last_seen, address, user_agent";

Time end_of(const BrowserSession& session, const Settings& settings) {
  if (session.pending) return session.created + kPendingLifetime;
  return std::min(session.last_seen + settings.session_idle,
                  session.created + settings.session_maximum);
}

/// Also of one that was used while the clock was ahead: it would last until the clock is there
/// again.
bool is_over(const BrowserSession& session, Time now) {
  return now >= session.expires || now + kClockCorrection < session.last_seen;
}

BrowserSession session_from(const db::Row& row, const Settings& settings) {
  BrowserSession session{.id = row.text(0),
                         .person_id = row.text(1),
                         .pending = row.flag(2),
                         .created = from_milliseconds(row.integer(4)),
                         .last_seen = from_milliseconds(row.integer(5)),
                         .address = row.text(6),
                         .user_agent = row.text(7)};
  if (const auto at = row.maybe_integer(3)) session.second_factor_at = from_milliseconds(*at);
  session.expires = end_of(session, settings);
  return session;
}

std::string cookie(std::string_view value, std::chrono::seconds age, bool secure) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", kSessionCookie, value,
                     age.count(), secure ? "; Secure" : "");
}

std::string hash_of(std::string_view secret) { return crypto::sha256_hex(secret); }

std::string user_agent_of(const http::Request& request) {
  const std::string_view agent = request.header("user-agent").substr(0, kLongestUserAgent);
  return is_utf8(agent) ? std::string(agent) : std::string();
}

}  // namespace

Result<StartedSession> Sessions::start(const Person& person, const http::Request& request,
                                       bool pending, std::optional<Time> confirmed) {
  const Time now = services_.clock.now();
  const std::string secret = base64url(services_.random.bytes(kSecretBytes));
  StartedSession started{.session = {.id = new_uuid(),
                                     .person_id = person.id,
                                     .pending = pending,
                                     .second_factor_at = confirmed,
                                     .created = now,
                                     .last_seen = now,
                                     .address = request.remote_address,
                                     .user_agent = user_agent_of(request),
                                     .csrf_token = csrf_token_of(secret)},
                         .set_cookie = cookie(secret,
                                              std::chrono::duration_cast<std::chrono::seconds>(
                                                  services_.settings.session_maximum),
                                              request.secure)};
  started.session.expires = end_of(started.session, services_.settings);
  const Actor actor{.person_id = person.id,
                    .name = person.name,
                    .is_admin = person.is_admin,
                    .via = "session:" + started.session.id,
                    .address = request.remote_address,
                    .request_id = request.id};
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    session.run("DELETE FROM accounts_sessions WHERE secret_hash = :p1",
                {hash_of(request.cookie(kSessionCookie))});
    session.run(
        "INSERT INTO accounts_sessions (id, secret_hash, person_id, pending, second_factor_at, "
        "created, last_seen, address, user_agent) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, "
        ":p9)",
        {started.session.id, hash_of(secret), person.id, std::int64_t{pending},
         confirmed ? db::Value(to_milliseconds(*confirmed)) : db::Value(), to_milliseconds(now),
         to_milliseconds(now), started.session.address, started.session.user_agent});
    trail_.append(session, actor, pending ? "sign_in.password" : "sign_in", "user:" + person.name,
                  confirmed ? "with a passkey" : "");
    return {};
  });
  if (!done) return pass_on(done);
  return started;
}

Result<StartedSession> Sessions::confirm_second_factor(const BrowserSession& session,
                                                       const http::Request& request) {
  const Time now = services_.clock.now();
  const std::string secret = base64url(services_.random.bytes(kSecretBytes));
  StartedSession confirmed{.session = session, .set_cookie = {}};
  confirmed.session.pending = false;
  confirmed.session.second_factor_at = now;
  confirmed.session.last_seen = now;
  confirmed.session.csrf_token = csrf_token_of(secret);
  confirmed.session.expires = end_of(confirmed.session, services_.settings);
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(
      session.created + services_.settings.session_maximum - now);
  confirmed.set_cookie = cookie(secret, left, request.secure);
  auto done = services_.database.write([&](db::Session& transaction) -> Result<void> {
    const std::int64_t rows = transaction.run(
        "UPDATE accounts_sessions SET secret_hash = :p1, pending = 0, second_factor_at = :p2, "
        "last_seen = :p3 WHERE id = :p4 AND secret_hash = :p5",
        {hash_of(secret), to_milliseconds(now), to_milliseconds(now), session.id,
         hash_of(request.cookie(kSessionCookie))});
    if (rows == 0) {
      return refuse(AccountRefusal::not_signed_in, "The session has ended; sign in again.");
    }
    const auto name =
        transaction.row("SELECT name FROM accounts_people WHERE id = :p1", {session.person_id});
    const Actor actor{.person_id = session.person_id,
                      .name = name ? name->text(0) : "",
                      .via = "session:" + session.id,
                      .address = request.remote_address,
                      .request_id = request.id};
    trail_.append(transaction, actor, session.pending ? "sign_in" : "session.confirm",
                  "user:" + actor.name, "second factor given");
    return {};
  });
  if (!done) return pass_on(done);
  return confirmed;
}

Result<std::optional<BrowserSession>> Sessions::find(std::string_view cookie_value) {
  if (cookie_value.size() != kSecretLength) return std::nullopt;
  const Time now = services_.clock.now();
  auto found =
      services_.database.read([&](db::Session& session) -> Result<std::optional<BrowserSession>> {
        const auto row = session.row(
            fmt::format("SELECT {} FROM accounts_sessions WHERE secret_hash = :p1", kColumns),
            {hash_of(cookie_value)});
        if (!row) return std::nullopt;
        return session_from(*row, services_.settings);
      });
  if (!found || !*found) return found;
  BrowserSession& session = **found;
  if (is_over(session, now)) return std::nullopt;
  session.csrf_token = csrf_token_of(cookie_value);
  if (session.pending || now - session.last_seen < kTouchEvery) return found;

  session.last_seen = now;
  session.expires = end_of(session, services_.settings);
  auto touched = services_.database.write([&](db::Session& transaction) -> Result<void> {
    transaction.run("UPDATE accounts_sessions SET last_seen = :p1 WHERE id = :p2",
                    {to_milliseconds(now), session.id});
    return {};
  });
  if (!touched) return pass_on(touched);
  return found;
}

Result<std::vector<BrowserSession>> Sessions::list(std::string_view person_id) const {
  return services_.database.read([&](db::Session& session) -> Result<std::vector<BrowserSession>> {
    std::vector<BrowserSession> sessions;
    const Time now = services_.clock.now();
    const auto rows = session.rows(
        fmt::format("SELECT {} FROM accounts_sessions WHERE person_id = :p1 AND pending = 0 "
                    "ORDER BY last_seen DESC",
                    kColumns),
        {std::string(person_id)});
    for (const db::Row& row : rows) {
      BrowserSession read = session_from(row, services_.settings);
      if (!is_over(read, now)) sessions.push_back(std::move(read));
    }
    return sessions;
  });
}

Result<void> Sessions::end(const BrowserSession& session, const Actor& actor) {
  return services_.database.write([&](db::Session& transaction) -> Result<void> {
    const std::int64_t rows =
        transaction.run("DELETE FROM accounts_sessions WHERE id = :p1", {session.id});
    if (rows > 0) trail_.append(transaction, actor, "sign_out", "session:" + session.id);
    return {};
  });
}

Result<void> Sessions::end_by_id(const Person& person, std::string_view id, const Actor& actor) {
  if (auto full = require_full_credential(actor); !full) return full;
  if (!actor.is_admin && actor.person_id != person.id) {
    return refuse(AccountRefusal::administrator_only,
                  "Only the person themselves or an administrator may end this session.");
  }
  return services_.database.write([&](db::Session& transaction) -> Result<void> {
    const std::int64_t rows =
        transaction.run("DELETE FROM accounts_sessions WHERE id = :p1 AND person_id = :p2",
                        {std::string(id), person.id});
    if (rows > 0) {
      trail_.append(transaction, actor, "session.end", "session:" + std::string(id),
                    "of " + person.name);
    }
    return {};
  });
}

Result<std::int64_t> Sessions::purge_expired() {
  const Settings& settings = services_.settings;
  const Time now = services_.clock.now();
  return services_.database.write([&](db::Session& session) -> Result<std::int64_t> {
    return session.run(
        "DELETE FROM accounts_sessions WHERE last_seen <= :p1 OR created <= :p2 OR "
        "(pending = 1 AND created <= :p3)",
        {to_milliseconds(now - settings.session_idle),
         to_milliseconds(now - settings.session_maximum), to_milliseconds(now - kPendingLifetime)});
  });
}

std::string Sessions::clearing_cookie(bool secure) {
  return cookie("", std::chrono::seconds(0), secure);
}

}  // namespace imp::accounts
