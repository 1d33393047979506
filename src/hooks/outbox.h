#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "db/database.h"
#include "hooks/hook.h"

namespace imp::hooks {

/// Deliveries that wait and those that were made. They are written in the transaction of what they
/// tell, so that neither is there without the other, and each is sent at least once, whatever
/// happens to the process, under one id.

/// So many wait for one webhook at most: the next one pauses it.
inline constexpr std::int64_t kMostWaiting = 1000;
/// How long the log keeps what was delivered or given up.
inline constexpr Milliseconds kLogLife = std::chrono::days(7);
/// What of a receiver's answer the log keeps, in bytes.
inline constexpr std::size_t kAnswerKept = 1000;

struct Delivery {
  enum class State : std::uint8_t { pending, delivered, failed };
  std::string id;  ///< the `webhook-id`: the same in every attempt
  std::string hook_id;
  std::string type;
  std::string body;  ///< {"type", "timestamp", "data"}, as it is signed and sent
  Time created;
  State state = State::pending;
  std::int64_t attempts = 0;
  std::optional<Time> next;      ///< pending: when it is tried (again)
  std::optional<Time> last;      ///< attempt
  std::int64_t last_status = 0;  ///< of the answer; 0 when there was none
  std::string last_answer;       ///< its beginning, or why there was none

  boost::json::object to_json() const;
};
std::string_view name(Delivery::State state);

/// Adds a delivery of this event for a webhook that is not paused. Where kMostWaiting wait, nothing
/// is added, and the answer says in a sentence why the webhook is to be paused; empty otherwise.
std::string queue(db::Session& session, const Hook& hook, std::string_view type,
                  const boost::json::object& data, Time now);

/// Of one webhook, the last first.
std::vector<Delivery> deliveries_of(db::Session& session, std::string_view hook_id,
                                    std::int64_t limit);
/// Sends one again, at once and with all its attempts, under its id, also when an attempt is under
/// way. delivery_not_found; hook_paused.
Result<Delivery> redeliver(db::Session& session, std::string_view hook_id,
                           std::string_view delivery_id, Time now);

/// Ids of webhooks that something is due for, the longest waiting first. Those whose last attempt
/// failed or took long are the slow ones: they wait for threads of their own.
std::vector<std::string> due_hooks(db::Session& session, bool slow, Time now, std::int64_t limit);
/// What is to be sent next to a webhook, with its address and sealed secret.
struct Due {
  Delivery delivery;
  std::string url;
  std::string sealed;
};
std::optional<Due> next_due(db::Session& session, std::string_view hook_id, Time now);

/// What came of an attempt.
struct Attempted {
  bool delivered = false;
  std::int64_t status = 0;
  std::string answer;
  bool slow = false;
};
/// Records it, and when to try again or that it is given up (base/retry.h). Nothing when it was
/// asked for anew since the attempt began.
void record_attempt(db::Session& session, const Delivery& delivery, const Attempted& attempted,
                    Time now);

/// Forgets what the log need not keep, at most `limit`; whether there is any.
bool any_old_delivery(db::Session& session, Time now);
std::int64_t forget_old_deliveries(db::Session& session, Time now, std::int64_t limit);

}  // namespace imp::hooks
