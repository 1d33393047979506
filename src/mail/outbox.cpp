#include "mail/outbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/clean_text.h"
#include "base/retry.h"
#include "base/uuid.h"
#include "mail/address.h"
#include "mail/one_line.h"
#include "mail/refusal.h"

namespace imp::mail {

namespace {

using State = Letter::State;

constexpr std::size_t kLongestSubject = 300;
constexpr std::size_t kLongestBody = 20'000;
constexpr std::size_t kAnswerKept = 500;

constexpr std::string_view kColumns =
    "SELECT id, recipient, kind, subject, body, created_at, state, attempts, next_at, last_at, "
    "last_answer FROM mail ";

std::optional<Time> time_of(const db::Row& row, std::size_t column) {
  if (row.null(column)) return std::nullopt;
  return from_milliseconds(row.integer(column));
}

Letter from_row(const db::Row& row) {
  Letter letter;
  letter.id = row.text(0);
  letter.recipient = row.text(1);
  letter.kind = row.text(2);
  letter.subject = row.text(3);
  letter.body = row.text(4);
  letter.created = from_milliseconds(row.integer(5));
  for (const State state : {State::pending, State::delivered, State::failed}) {
    if (name(state) == row.text(6)) letter.state = state;
  }
  letter.attempts = row.integer(7);
  letter.next = time_of(row, 8);
  letter.last = time_of(row, 9);
  letter.last_answer = row.text(10);
  return letter;
}

/// What the limit says of one more message.
struct Admitted {
  bool allowed = true;
  std::int64_t left_out = 0;       ///< before this one, in a window that is over
  std::optional<Time> last_until;  ///< this is the last one until then
};

Admitted admit(db::Session& session, const std::string& recipient, const std::string& kind,
               Time now) {
  const auto row = session.row(
      "SELECT began_at, queued, left_out FROM mail_limit WHERE recipient = :p1 AND kind = :p2",
      {recipient, kind});
  const Time began = row ? from_milliseconds(row->integer(0)) : now;
  // A clock that was set back begins anew, too.
  if (!row || now >= began + kLimitWindow || now < began) {
    session.run("DELETE FROM mail_limit WHERE recipient = :p1 AND kind = :p2", {recipient, kind});
    session.run(
        "INSERT INTO mail_limit (recipient, kind, began_at, queued, left_out) VALUES "
        "(:p1, :p2, :p3, 1, 0)",
        {recipient, kind, to_milliseconds(now)});
    return {.left_out = row ? row->integer(2) : 0, .last_until = {}};
  }
  if (row->integer(1) >= kMostOfAKind) {
    session.run(
        "UPDATE mail_limit SET left_out = left_out + 1 WHERE recipient = :p1 AND kind = :p2",
        {recipient, kind});
    return {.allowed = false, .last_until = {}};
  }
  session.run("UPDATE mail_limit SET queued = queued + 1 WHERE recipient = :p1 AND kind = :p2",
              {recipient, kind});
  if (row->integer(1) + 1 < kMostOfAKind) return {.last_until = {}};
  return {.last_until = began + kLimitWindow};
}

std::string about_limit(const Admitted& admitted) {
  if (admitted.left_out > 0) {
    return fmt::format(
        "\nBefore this message, {} of the same kind were not sent to you, because there were more "
        "than {} within an hour.\n",
        admitted.left_out, kMostOfAKind);
  }
  if (admitted.last_until) {
    return fmt::format(
        "\nThis is the {}th message of this kind within an hour. MORE OF THEM ARE NOT SENT TO YOU "
        "before {}: look at the pages of your packages and your account.\n",
        kMostOfAKind, time_text(*admitted.last_until));
  }
  return {};
}

}  // namespace

std::string_view name(State state) {
  switch (state) {
    case State::pending:
      return "pending";
    case State::delivered:
      return "delivered";
    case State::failed:
      return "failed";
  }
  return "";
}

void set_up(db::Session& session, const std::optional<std::string>& public_url, Time now) {
  session.run("DELETE FROM mail_setup");
  if (public_url) {
    session.run("INSERT INTO mail_setup (public_url) VALUES (:p1)", {*public_url});
    return;
  }
  session.run(
      "UPDATE mail SET state = 'failed', next_at = NULL, last_at = :p1, last_answer = :p2 WHERE "
      "state = 'pending'",
      {to_milliseconds(now), std::string("The server was started without mail.server.")});
}

std::optional<std::string> set_up_for(db::Session& session) {
  const auto row = session.row("SELECT public_url FROM mail_setup");
  return row ? std::optional(row->text(0)) : std::nullopt;
}

void queue(db::Session& session, std::string_view recipient, std::string_view kind,
           std::string_view subject, std::string_view body, Time now) {
  const std::string to = clean_text(recipient, kLongestSubject), what(kind);
  // One mailbox is not several for having its letters in another case.
  std::string mailbox = to;
  std::ranges::transform(mailbox, mailbox.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const Admitted admitted = admit(session, mailbox, what, now);
  if (!admitted.allowed) return;
  const bool deliverable = is_deliverable(recipient);
  session.run(
      "INSERT INTO mail (id, recipient, kind, subject, body, created_at, state, attempts, next_at, "
      "last_answer) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, 0, :p8, :p9)",
      {new_ordered_uuid(now), to, what, one_line(subject, kLongestSubject),
       clean_text(body, kLongestBody) + about_limit(admitted), to_milliseconds(now),
       std::string(name(deliverable ? State::pending : State::failed)),
       deliverable ? db::Value(to_milliseconds(now)) : db::Value(),
       std::string(deliverable ? "" : "Mail cannot be sent to this address.")});
}

std::optional<Letter> next_due(db::Session& session, Time now) {
  static const std::string sql =
      std::string(kColumns) +
      "WHERE state = 'pending' AND next_at <= :p1 ORDER BY next_at, id LIMIT 1";
  const auto row = session.row(sql, {to_milliseconds(now)});
  return row ? std::optional(from_row(*row)) : std::nullopt;
}

void record_attempt(db::Session& session, const Letter& letter, const Sent& sent, Time now) {
  const bool delivered = sent.outcome == Sent::Outcome::delivered;
  const auto wait = delivered || sent.outcome == Sent::Outcome::refused
                        ? std::nullopt
                        : retry_after(static_cast<std::size_t>(letter.attempts) + 1);
  const State state = delivered ? State::delivered : wait ? State::pending : State::failed;
  session.run(
      "UPDATE mail SET state = :p1, attempts = :p2, next_at = :p3, last_at = :p4, last_answer = "
      ":p5 WHERE id = :p6",
      {std::string(name(state)), letter.attempts + 1,
       wait ? db::Value(to_milliseconds(now + *wait)) : db::Value(), to_milliseconds(now),
       one_line(sent.answer, kAnswerKept), letter.id});
}

std::vector<Letter> letters(db::Session& session, std::optional<State> state, std::int64_t limit) {
  std::vector<Letter> found;
  const std::string which = state
                                ? "WHERE state = :p1 ORDER BY created_at DESC, id DESC LIMIT :p2"
                                : "WHERE state <> :p1 ORDER BY created_at DESC, id DESC LIMIT :p2";
  for (const db::Row& row : session.rows(std::string(kColumns) + which,
                                         {std::string(state ? name(*state) : ""), limit})) {
    found.push_back(from_row(row));
  }
  return found;
}

std::int64_t left_out(db::Session& session) {
  return session.row("SELECT COALESCE(SUM(left_out), 0) FROM mail_limit")->integer(0);
}

std::int64_t count(db::Session& session, State state) {
  return session.row("SELECT COUNT(*) FROM mail WHERE state = :p1", {std::string(name(state))})
      ->integer(0);
}

Result<Letter> retry(db::Session& session, std::string_view id, Time now) {
  static const std::string sql = std::string(kColumns) + "WHERE id = :p1 AND state <> 'delivered'";
  const auto row = session.row(sql, {std::string(id)});
  if (!row || !is_deliverable(row->text(1))) {
    return refuse(
        MailRefusal::mail_not_found,
        "There is no such message that could be sent again: it was delivered, its address "
        "cannot be sent to, or the log has forgotten it.");
  }
  session.run("UPDATE mail SET state = 'pending', attempts = 0, next_at = :p1 WHERE id = :p2",
              {to_milliseconds(now), std::string(id)});
  return from_row(*session.row(sql, {std::string(id)}));
}

std::int64_t retry_failed(db::Session& session, Time now) {
  std::int64_t again = 0;
  for (const db::Row& row : session.rows("SELECT id FROM mail WHERE state = 'failed'")) {
    if (retry(session, row.text(0), now)) ++again;
  }
  return again;
}

bool any_old(db::Session& session, Time now) {
  const std::int64_t before = to_milliseconds(now - kLogLife);
  return session
             .row(
                 "SELECT 1 FROM mail WHERE state IN ('delivered', 'failed') AND created_at <= :p1 "
                 "LIMIT 1",
                 {before})
             .has_value() ||
         session.row("SELECT 1 FROM mail_limit WHERE began_at <= :p1 LIMIT 1", {before})
             .has_value();
}

void forget_old(db::Session& session, Time now, std::int64_t limit) {
  const std::int64_t before = to_milliseconds(now - kLogLife);
  session.run(
      "DELETE FROM mail WHERE id IN (SELECT id FROM mail WHERE state IN ('delivered', 'failed') "
      "AND created_at <= :p1 LIMIT :p2)",
      {before, limit});
  session.run("DELETE FROM mail_limit WHERE began_at <= :p1", {before});
}

std::vector<db::Migration> migrations() {
  return {{"mail/1",
           "CREATE TABLE mail_setup (public_url TEXT NOT NULL);\n"
           "CREATE TABLE mail (\n"
           "  id TEXT PRIMARY KEY, recipient TEXT NOT NULL, kind TEXT NOT NULL,\n"
           "  subject TEXT NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT NULL,\n"
           "  state TEXT NOT NULL, attempts BIGINT NOT NULL, next_at BIGINT, last_at BIGINT,\n"
           "  last_answer TEXT NOT NULL);\n"
           "CREATE INDEX mail_due ON mail (state, next_at);\n"
           "CREATE INDEX mail_age ON mail (state, created_at);\n"
           "CREATE TABLE mail_limit (\n"
           "  recipient TEXT NOT NULL, kind TEXT NOT NULL, began_at BIGINT NOT NULL,\n"
           "  queued BIGINT NOT NULL, left_out BIGINT NOT NULL, PRIMARY KEY (recipient, kind));\n"
           "CREATE INDEX mail_limit_age ON mail_limit (began_at);\n"}};
}

}  // namespace imp::mail
