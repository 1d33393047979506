#include "registry/trust/attempt.h"

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>

#include "base/clean_text.h"
#include "base/uuid.h"

namespace imp::trust {

namespace {

constexpr std::size_t kLongestText = std::size_t{16} << 10;
constexpr std::string_view kColumns =
    "SELECT id, package_name, at, action, outcome, message, publisher_id, issuer, comparison, "
    "remote_address, proved, actor, version, token_id, runner FROM publish_attempt WHERE ";

Attempt from_row(const db::Row& row) {
  Attempt attempt;
  attempt.id = row.text(0);
  attempt.package_name = row.text(1);
  attempt.at = from_milliseconds(row.integer(2));
  attempt.action = row.text(3);
  attempt.outcome = row.text(4);
  attempt.message = row.text(5);
  attempt.publisher_id = row.maybe_text(6);
  attempt.issuer = row.text(7);
  attempt.comparison = boost::json::parse(row.text(8)).as_array();
  attempt.remote_address = row.text(9);
  attempt.proved = row.flag(10);
  attempt.actor = row.text(11);
  attempt.version = row.text(12);
  attempt.token_id = row.text(13);
  attempt.runner = row.text(14);
  return attempt;
}

std::int64_t kept_of(bool proved) { return proved ? kKeptAttempts : kKeptUnproved; }

/// Forgets those that are no longer among the attempts that are kept of this one's kind.
void forget_older(db::Session& session, const Attempt& attempt) {
  session.run(
      "DELETE FROM publish_attempt WHERE package_name = :p1 AND proved = :p2 AND at < (SELECT at "
      "FROM publish_attempt WHERE package_name = :p3 AND proved = :p4 ORDER BY at DESC LIMIT 1 "
      "OFFSET :p5)",
      {attempt.package_name, std::int64_t{attempt.proved}, attempt.package_name,
       std::int64_t{attempt.proved}, kept_of(attempt.proved) - 1});
}

std::optional<Attempt> first(const std::optional<db::Row>& row) {
  return row ? std::optional(from_row(*row)) : std::nullopt;
}

}  // namespace

Attempt attempt_for(const audit::SuppressedRefusals& refusals, std::string_view package_name,
                    std::string_view action, Time now) {
  const audit::Record record = refusals.record(now);
  Attempt attempt;
  attempt.id = new_ordered_uuid(now);
  attempt.package_name = package_name;
  attempt.at = now;
  attempt.action = action;
  attempt.outcome = record.outcome;
  attempt.message = refusals.text();
  attempt.actor = record.actor;
  attempt.remote_address = refusals.address;
  attempt.proved = refusals.proved;
  return attempt;
}

void record_attempt(db::Session& session, const Attempt& attempt) {
  session.run(
      "INSERT INTO publish_attempt (id, package_name, at, action, outcome, message, publisher_id, "
      "issuer, comparison, remote_address, proved, actor, version, token_id, runner) VALUES (:p1, "
      ":p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11, :p12, :p13, :p14, :p15)",
      {attempt.id, attempt.package_name, to_milliseconds(attempt.at), attempt.action,
       attempt.outcome, clean_text(attempt.message, kLongestText),
       attempt.publisher_id ? db::Value(*attempt.publisher_id) : db::Value(),
       clean_text(attempt.issuer, kLongestText), boost::json::serialize(attempt.comparison),
       attempt.remote_address, std::int64_t{attempt.proved}, attempt.actor,
       clean_text(attempt.version, kLongestText), attempt.token_id, attempt.runner});
  // To look for the hundredth costs more than to write one down: one in sixteen does it for all.
  if (attempt.id.ends_with('0')) forget_older(session, attempt);
}

std::vector<Attempt> attempts_of(db::Session& session, std::string_view package_name, int limit) {
  static const std::string sql =
      std::string(kColumns) +
      "package_name = :p1 AND proved = :p2 ORDER BY at DESC, id DESC LIMIT :p3";
  std::vector<Attempt> attempts;
  for (const bool proved : {true, false}) {
    for (const db::Row& row :
         session.rows(sql, {std::string(package_name), std::int64_t{proved}, kept_of(proved)})) {
      attempts.push_back(from_row(row));
    }
  }
  std::ranges::sort(attempts, std::ranges::greater(),
                    [](const Attempt& one) { return std::tie(one.at, one.id); });
  if (std::ssize(attempts) > limit) attempts.resize(static_cast<std::size_t>(std::max(limit, 0)));
  return attempts;
}

std::optional<Attempt> attempt_by_id(db::Session& session, std::string_view id) {
  static const std::string sql = std::string(kColumns) + "id = :p1";
  return first(session.row(sql, {std::string(id)}));
}

std::optional<Attempt> exchange_behind(db::Session& session, const Attempt& attempt) {
  static const std::string sql =
      std::string(kColumns) + "package_name = :p1 AND token_id = :p2 AND action = 'exchange'";
  if (attempt.token_id.empty() || attempt.action == "exchange") return std::nullopt;
  return first(session.row(sql, {attempt.package_name, attempt.token_id}));
}

Result<std::string> forget_unowned_attempts(db::Database& database, const std::string& after,
                                            Time now, std::int64_t limit) {
  std::vector<std::string> unowned;
  std::string last = after;
  const auto looked = database.read([&](db::Session& session) -> Result<bool> {
    const auto rows = session.rows(
        "SELECT a.id, a.at, p.id FROM publish_attempt a LEFT JOIN package p ON p.name = "
        "a.package_name WHERE a.id > :p1 ORDER BY a.id LIMIT :p2",
        {after, limit});
    for (const db::Row& row : rows) {
      if (from_milliseconds(row.integer(1)) > now - kUnownedKept) return true;
      last = row.text(0);
      if (row.null(2)) unowned.push_back(last);
    }
    return std::ssize(rows) < limit;
  });
  if (!looked) return pass_on(looked);
  if (!unowned.empty()) {
    const auto forgotten = database.write([&](db::Session& session) -> Result<void> {
      for (const std::string& id : unowned) {
        session.run("DELETE FROM publish_attempt WHERE id = :p1", {id});
      }
      return {};
    });
    if (!forgotten) return pass_on(forgotten);
  }
  return *looked ? std::string() : last;
}

boost::json::object attempt_json(const Attempt& attempt) {
  boost::json::object json{{"id", attempt.id},
                           {"package", attempt.package_name},
                           {"at", iso8601(attempt.at)},
                           {"action", attempt.action},
                           {"outcome", attempt.outcome},
                           {"message", attempt.message},
                           {"actor", attempt.actor},
                           {"issuer", attempt.issuer},
                           {"proved", attempt.proved},
                           {"address", attempt.remote_address},
                           {"publishers", attempt.comparison}};
  if (attempt.publisher_id) json["publisher"] = *attempt.publisher_id;
  if (!attempt.version.empty()) json["version"] = attempt.version;
  if (!attempt.runner.empty()) json["runner"] = attempt.runner;
  return json;
}

std::vector<db::Migration> attempt_migrations() {
  return {{"attempts/1",
           "ALTER TABLE publish_attempt ADD COLUMN actor TEXT NOT NULL DEFAULT '';\n"
           "ALTER TABLE publish_attempt ADD COLUMN version TEXT NOT NULL DEFAULT '';\n"
           "ALTER TABLE publish_attempt ADD COLUMN token_id TEXT NOT NULL DEFAULT '';\n"},
          {"attempts/runner/1",
           "ALTER TABLE publish_attempt ADD COLUMN runner TEXT NOT NULL DEFAULT '';\n"}};
}

boost::json::object comparison_json(std::string_view publisher_id, const Comparison& comparison,
                                    const std::vector<UnaskedClaim>& not_asked,
                                    boost::json::storage_ptr memory) {
  boost::json::array rows(memory);
  rows.reserve(comparison.rows.size());
  for (const ClaimRow& row : comparison.rows) {
    rows.push_back(boost::json::object({{"claim", row.claim},
                                        {"expected", row.expected},
                                        {"received", row.received},
                                        {"agreed", row.agreed}},
                                       memory));
  }
  boost::json::object json({{"publisher", publisher_id}, {"claims", std::move(rows)}},
                           std::move(memory));
  if (not_asked.empty()) return json;
  boost::json::array claims;
  for (const UnaskedClaim& one : not_asked) {
    claims.push_back({{"claim", one.claim}, {"received", one.received}});
  }
  json["unasked"] = std::move(claims);
  return json;
}

boost::json::array last_unasked(const std::vector<Attempt>& attempts,
                                std::string_view publisher_id) {
  const auto last = std::ranges::find_if(attempts, [&](const Attempt& attempt) {
    return attempt.action == "exchange" && attempt.outcome == "granted" &&
           attempt.publisher_id == publisher_id;
  });
  if (last == attempts.end()) return {};
  for (const boost::json::value& item : last->comparison) {
    const auto* compared = item.if_object();
    if (!compared || string_claim(*compared, "publisher") != publisher_id) continue;
    const auto* claims = compared->if_contains("unasked");
    if (claims && claims->is_array()) return claims->get_array();
  }
  return {};
}

}  // namespace imp::trust
