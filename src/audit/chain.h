#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "audit/record.h"
#include "db/database.h"

namespace imp::audit {

/// The columns of a record as the table holds them, all as text: what is hashed is what is stored,
/// so that no conversion can make two different rows look the same.
struct StoredRecord {
  std::string sequence;
  std::string at;  ///< milliseconds since 1970
  std::string actor;
  std::string action;
  std::string subject;
  std::string outcome;
  std::optional<std::string> organization;
  std::string request_id;
  std::string remote_address;
  std::string detail;  ///< JSON
};

/// The columns of audit_records in the order that stored_record() expects, and the hash after them.
inline constexpr std::string_view kColumns =
    "sequence, at, actor, action, subject, outcome, organization, request_id, remote_address, "
    "detail, hash";
inline constexpr std::size_t kHashColumn = 10;
StoredRecord stored_record(const db::Row& row);

/// The hash before the first record.
inline constexpr std::string_view kFirstPrevious =
    "0000000000000000000000000000000000000000000000000000000000000000";

/// The text of a record in its place in the chain:
///
///     imprimatur-audit-1 LF
///     previous hash, then the ten columns in the order of StoredRecord,
///
/// each written as its length in bytes in decimal, ':', its bytes and ',' (a netstring), and as
/// "-," when it is null. The lengths make it unambiguous: no text can move from one column to the
/// next.
std::string chained_text(std::string_view previous, const StoredRecord& record);
/// The hash of a record in the chain: SHA-256 of that text, in lower-case hexadecimal.
std::string chained_hash(std::string_view previous, const StoredRecord& record);

/// What is stored for a record. Foreign text may hold anything: bytes that are not UTF-8, and NUL,
/// become U+FFFD, columns are cut to 2 KiB and a detail of more than 64 KiB is replaced by its
/// size; a hostile request must not be able to keep itself out of the log, nor to fill the disk
/// with it.
StoredRecord prepared(const Record& record, std::int64_t sequence);

/// The record of a row; a detail that is not a JSON object (someone changed it) is kept as text.
Entry entry(const db::Row& row);

}  // namespace imp::audit
