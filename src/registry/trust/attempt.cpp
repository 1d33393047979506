#include "registry/trust/attempt.h"

#include <boost/json.hpp>

namespace imp::trust {

void record_attempt(db::Session& session, const Attempt& attempt) {
  session.run(
      "INSERT INTO publish_attempt (id, package_name, at, action, outcome, message, publisher_id, "
      "issuer, "
      "comparison, remote_address, proved) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, "
      ":p10, :p11)",
      {attempt.id, attempt.package_name, to_milliseconds(attempt.at), attempt.action,
       attempt.outcome, attempt.message,
       attempt.publisher_id ? db::Value(*attempt.publisher_id) : db::Value(), attempt.issuer,
       boost::json::serialize(attempt.comparison), attempt.remote_address,
       std::int64_t{attempt.proved}});
  session.run(
      "DELETE FROM publish_attempt WHERE package_name = :p1 AND proved = :p2 AND at < (SELECT at "
      "FROM publish_attempt WHERE package_name = :p3 AND proved = :p4 ORDER BY at DESC LIMIT 1 "
      "OFFSET :p5)",
      {attempt.package_name, std::int64_t{attempt.proved}, attempt.package_name,
       std::int64_t{attempt.proved},
       std::int64_t{attempt.proved ? kKeptAttempts - 1 : kKeptUnproved - 1}});
}

std::vector<Attempt> attempts_of(db::Session& session, std::string_view package_name, int limit) {
  std::vector<Attempt> attempts;
  for (const db::Row& row : session.rows("SELECT id, package_name, at, action, outcome, message, "
                                         "publisher_id, issuer, comparison, "
                                         "remote_address, proved FROM publish_attempt WHERE "
                                         "package_name = :p1 ORDER BY at DESC, id LIMIT :p2",
                                         {std::string(package_name), std::int64_t{limit}})) {
    attempts.push_back({row.text(0), row.text(1), from_milliseconds(row.integer(2)), row.text(3),
                        row.text(4), row.text(5), row.maybe_text(6), row.text(7),
                        boost::json::parse(row.text(8)).as_array(), row.text(9), row.flag(10)});
  }
  return attempts;
}

boost::json::object comparison_json(std::string_view publisher_id, const Comparison& comparison) {
  boost::json::array rows;
  for (const ClaimRow& row : comparison.rows) {
    rows.push_back({{"claim", row.claim},
                    {"expected", row.expected},
                    {"received", row.received},
                    {"agreed", row.agreed}});
  }
  return {{"publisher", publisher_id}, {"claims", std::move(rows)}};
}

}  // namespace imp::trust
