#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "mail/smtp.h"

namespace imp::mail {

/// Messages that wait and those that were sent, one to each recipient. They are written in the
/// transaction of what they tell, so that neither is there without the other, and each is sent at
/// least once, whatever happens to the process, under one Message-ID.

/// So many of one kind go to one address within an hour. The last of them says so, and the next
/// one after that hour how many were left out. Kinds are counted apart, so that a flood of one
/// hides no other.
inline constexpr std::int64_t kMostOfAKind = 20;
inline constexpr Milliseconds kLimitWindow = std::chrono::hours(1);
/// How long the log keeps what was delivered or given up.
inline constexpr Milliseconds kLogLife = std::chrono::days(7);

struct Letter {
  enum class State : std::uint8_t { pending, delivered, failed };
  std::string id;         ///< UUID, of the Message-ID, too
  std::string recipient;  ///< address
  std::string kind;       ///< the action of the audit record that it tells
  std::string subject, body;
  Time created;
  State state = State::pending;
  std::int64_t attempts = 0;
  std::optional<Time> next;  ///< pending: when it is tried (again)
  std::optional<Time> last;  ///< attempt
  std::string last_answer;   ///< the mail server's, or why there was none
};
std::string_view name(Letter::State state);

/// What the server's settings make of mail: told at its start. With nothing, nothing is queued from
/// now on, and what waits is given up. `public_url` is what links begin with.
void set_up(db::Session& session, const std::optional<std::string>& public_url, Time now);
/// The public URL when messages are sent; nothing when nothing is to be queued.
std::optional<std::string> set_up_for(db::Session& session);

/// Adds a message, within the limit. To an address that cannot be sent to (address.h) it is there
/// as failed, for the operator to see.
void queue(db::Session& session, std::string_view recipient, std::string_view kind,
           std::string_view subject, std::string_view body, Time now);

/// What is to be sent next.
std::optional<Letter> next_due(db::Session& session, Time now);
/// Records what came of an attempt, and when to try again or that it is given up (base/retry.h).
/// One that the server refuses for good is given up at once.
void record_attempt(db::Session& session, const Letter& letter, const Sent& sent, Time now);

/// For the operator. The last first, of one state when it is given.
std::vector<Letter> letters(db::Session& session, std::optional<Letter::State> state,
                            std::int64_t limit);
/// How many the limit has left out in the last days, over all addresses.
std::int64_t left_out(db::Session& session);
std::int64_t count(db::Session& session, Letter::State state);
/// Sends one that failed or waits again, at once and with all its attempts. mail_not_found.
Result<Letter> retry(db::Session& session, std::string_view id, Time now);
/// The same for all that failed; how many those are.
std::int64_t retry_failed(db::Session& session, Time now);

/// Forgets what need not be kept, at most `limit`; whether there is any.
bool any_old(db::Session& session, Time now);
void forget_old(db::Session& session, Time now, std::int64_t limit);

std::vector<db::Migration> migrations();

}  // namespace imp::mail
