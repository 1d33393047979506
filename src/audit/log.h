#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record.h"
#include "db/database.h"
#include "tlog/merkle.h"

namespace imp::audit {

/// The tables audit_records and audit_head, and those of the tree (tree_tables.h).
std::vector<db::Migration> migrations();

/// Where a record went.
struct Placed {
  std::int64_t sequence = 0;
  std::string text;  ///< the chained text (chain.h): not for those who may not read the record

  /// Its leaf in the Merkle tree. Says nothing of the record, and commits to all of it.
  tlog::Hash leaf() const;
};

/// Adds a record inside the transaction that does what it records, so that neither is kept without
/// the other. Throws only db::StoreError. Holds the head of the chain until the transaction ends.
Placed append(db::Session& session, const Record& record);

/// Adds a record in a transaction of its own: for a refusal, which leaves nothing else behind.
Result<void> append_alone(db::Database& database, const Record& record);

/// Which records to list. What is empty does not restrict.
struct Query {
  std::string subject = {};
  std::string action_prefix = {};  ///< "trust." finds "trust.exchange"
  std::string actor = {};
  std::string organization = {};
  std::optional<std::int64_t> before = {};  ///< only records with a smaller sequence
  unsigned limit = 50;                      ///< 1 to 1000
};
/// The members of a line of export_lines().
boost::json::object to_json(const Entry& entry);

struct Page {
  std::vector<Entry> entries;          ///< newest first
  std::optional<std::int64_t> before;  ///< for the next page; nothing on the last one
};
Result<Page> list(db::Database& database, const Query& query);

/// Gives each record after `after`, oldest first, as one line of JSON without its line end: the
/// members of Record (`at` in RFC 3339), `sequence` and `hash`. Not one transaction: `line` may
/// take its time, and records that are added meanwhile may be among them.
Result<void> export_lines(db::Database& database, std::int64_t after,
                          const std::function<void(std::string_view line)>& line);

}  // namespace imp::audit
