#include "hooks/outbox.h"

#include <boost/json.hpp>

#include "base/clean_text.h"
#include "base/retry.h"
#include "base/uuid.h"
#include "hooks/refusal.h"

namespace imp::hooks {

namespace {

constexpr std::string_view kColumns =
    "SELECT id, hook_id, type, body, created_at, state, attempts, next_at, last_at, last_status, "
    "last_answer FROM hook_delivery ";

std::optional<Time> time_of(const db::Row& row, std::size_t column) {
  if (row.null(column)) return std::nullopt;
  return from_milliseconds(row.integer(column));
}

Delivery from_row(const db::Row& row) {
  Delivery delivery;
  delivery.id = row.text(0);
  delivery.hook_id = row.text(1);
  delivery.type = row.text(2);
  delivery.body = row.text(3);
  delivery.created = from_milliseconds(row.integer(4));
  using State = Delivery::State;
  for (const State state : {State::pending, State::delivered, State::failed}) {
    if (name(state) == row.text(5)) delivery.state = state;
  }
  delivery.attempts = row.integer(6);
  delivery.next = time_of(row, 7);
  delivery.last = time_of(row, 8);
  delivery.last_status = row.integer(9);
  delivery.last_answer = row.text(10);
  return delivery;
}

/// Keeps hook.due_at what it stands for: when the next delivery of the webhook is due.
void set_due(db::Session& session, const std::string& hook_id) {
  session.run(
      "UPDATE hook SET due_at = (SELECT MIN(next_at) FROM hook_delivery WHERE hook_id = :p1 AND "
      "state = 'pending') WHERE id = :p2",
      {hook_id, hook_id});
}

boost::json::value time_json(const std::optional<Time>& time) {
  return time ? boost::json::value(iso8601(*time)) : boost::json::value(nullptr);
}

}  // namespace

std::string_view name(Delivery::State state) {
  switch (state) {
    case Delivery::State::pending:
      return "pending";
    case Delivery::State::delivered:
      return "delivered";
    case Delivery::State::failed:
      return "failed";
  }
  return "";
}

boost::json::object Delivery::to_json() const {
  return {
      {"id", id},
      {"type", type},
      {"created", iso8601(created)},
      {"state", name(state)},
      {"attempts", attempts},
      {"next", time_json(next)},
      {"last", time_json(last)},
      {"status", last_status == 0 ? boost::json::value(nullptr) : boost::json::value(last_status)},
      {"answer", last_answer}};
}

std::string queue(db::Session& session, const Hook& hook, std::string_view type,
                  const boost::json::object& data, Time now) {
  const std::int64_t waiting =
      session
          .row("SELECT COUNT(*) FROM hook_delivery WHERE hook_id = :p1 AND state = 'pending'",
               {hook.id})
          ->integer(0);
  if (waiting >= kMostWaiting) return fmt::format("{} deliveries wait already.", waiting);
  const std::string body = boost::json::serialize(
      boost::json::object{{"type", type}, {"timestamp", iso8601(now)}, {"data", data}});
  session.run(
      "INSERT INTO hook_delivery (id, hook_id, seq, type, body, created_at, state, attempts, "
      "next_at, last_status, last_answer) VALUES (:p1, :p2, (SELECT COALESCE(MAX(seq), 0) + 1 FROM "
      "hook_delivery WHERE hook_id = :p3), :p4, :p5, :p6, 'pending', 0, :p7, 0, '')",
      {new_ordered_uuid(now), hook.id, hook.id, std::string(type), body, to_milliseconds(now),
       to_milliseconds(now)});
  set_due(session, hook.id);
  return {};
}

std::vector<Delivery> deliveries_of(db::Session& session, std::string_view hook_id,
                                    std::int64_t limit) {
  static const std::string sql =
      std::string(kColumns) + "WHERE hook_id = :p1 ORDER BY seq DESC LIMIT :p2";
  std::vector<Delivery> deliveries;
  for (const db::Row& row : session.rows(sql, {std::string(hook_id), limit})) {
    deliveries.push_back(from_row(row));
  }
  return deliveries;
}

Result<Delivery> redeliver(db::Session& session, std::string_view hook_id,
                           std::string_view delivery_id, Time now) {
  const auto hook = session.row("SELECT paused FROM hook WHERE id = :p1", {std::string(hook_id)});
  if (hook && !hook->text(0).empty()) {
    return refuse(HookRefusal::hook_paused,
                  fmt::format("The webhook is paused, and nothing is sent to it: {} Save it first.",
                              hook->text(0)));
  }
  const std::int64_t found = session.run(
      "UPDATE hook_delivery SET state = 'pending', attempts = 0, next_at = :p1 WHERE id = :p2 AND "
      "hook_id = :p3",
      {to_milliseconds(now), std::string(delivery_id), std::string(hook_id)});
  if (found == 0) {
    return refuse(HookRefusal::delivery_not_found,
                  "There is no such delivery, or the log has forgotten it.");
  }
  set_due(session, std::string(hook_id));
  static const std::string sql = std::string(kColumns) + "WHERE id = :p1";
  return from_row(*session.row(sql, {std::string(delivery_id)}));
}

std::vector<std::string> due_hooks(db::Session& session, bool slow, Time now, std::int64_t limit) {
  std::vector<std::string> hooks;
  for (const db::Row& row :
       session.rows("SELECT id FROM hook WHERE due_at <= :p1 AND slow = :p2 AND paused = '' "
                    "ORDER BY due_at LIMIT :p3",
                    {to_milliseconds(now), std::int64_t{slow}, limit})) {
    hooks.push_back(row.text(0));
  }
  return hooks;
}

std::optional<Due> next_due(db::Session& session, std::string_view hook_id, Time now) {
  const auto hook =
      session.row("SELECT url, secret FROM hook WHERE id = :p1", {std::string(hook_id)});
  static const std::string sql =
      std::string(kColumns) +
      "WHERE hook_id = :p1 AND state = 'pending' AND next_at <= :p2 ORDER BY next_at, seq LIMIT 1";
  const auto row = session.row(sql, {std::string(hook_id), to_milliseconds(now)});
  if (!hook || !row) return std::nullopt;
  return Due{from_row(*row), hook->text(0), hook->text(1)};
}

void record_attempt(db::Session& session, const Delivery& delivery, const Attempted& attempted,
                    Time now) {
  using State = Delivery::State;
  const auto wait = attempted.delivered
                        ? std::nullopt
                        : retry_after(static_cast<std::size_t>(delivery.attempts) + 1);
  const State state = attempted.delivered ? State::delivered
                      : wait              ? State::pending
                                          : State::failed;
  session.run(
      "UPDATE hook_delivery SET state = :p1, attempts = :p2, next_at = :p3, last_at = :p4, "
      "last_status = :p5, last_answer = :p6 WHERE id = :p7 AND attempts = :p8",
      {std::string(name(state)), delivery.attempts + 1,
       wait ? db::Value(to_milliseconds(now + *wait)) : db::Value(), to_milliseconds(now),
       attempted.status, clean_text(attempted.answer, kAnswerKept), delivery.id,
       delivery.attempts});
  session.run("UPDATE hook SET slow = :p1 WHERE id = :p2",
              {std::int64_t{attempted.slow}, delivery.hook_id});
  set_due(session, delivery.hook_id);
}

bool any_old_delivery(db::Session& session, Time now) {
  return session
      .row(
          "SELECT 1 FROM hook_delivery WHERE state IN ('delivered', 'failed') AND "
          "created_at <= :p1 LIMIT 1",
          {to_milliseconds(now - kLogLife)})
      .has_value();
}

std::int64_t forget_old_deliveries(db::Session& session, Time now, std::int64_t limit) {
  return session.run(
      "DELETE FROM hook_delivery WHERE id IN (SELECT id FROM hook_delivery WHERE "
      "state IN ('delivered', 'failed') AND created_at <= :p1 LIMIT :p2)",
      {to_milliseconds(now - kLogLife), limit});
}

}  // namespace imp::hooks
