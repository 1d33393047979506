#include "audit/chain.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/clean_text.h"
#include "base/encoding.h"
#include "crypto/hash.h"

namespace imp::audit {

namespace {

constexpr std::size_t kColumnLimit = 2 * 1024;
constexpr std::size_t kDetailLimit = 64 * 1024;

void append_netstring(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
  out += ',';
}

std::string column(std::string_view text) { return clean_text(text, kColumnLimit); }

std::string detail_text(const boost::json::object& detail) {
  std::string text = boost::json::serialize(detail);
  if (text.size() > kDetailLimit) {
    return boost::json::serialize(boost::json::object{{"left_out_bytes", text.size()}});
  }
  // Mostly there is nothing to clean, JSON having no NUL, and this is the longest column.
  if (is_utf8(text)) return text;
  return clean_text(text, kDetailLimit * 3);
}

}  // namespace

StoredRecord stored_record(const db::Row& row) {
  return {.sequence = row.text(0),
          .at = row.text(1),
          .actor = row.text(2),
          .action = row.text(3),
          .subject = row.text(4),
          .outcome = row.text(5),
          .organization = row.maybe_text(6),
          .request_id = row.text(7),
          .remote_address = row.text(8),
          .detail = row.text(9)};
}

std::string chained_text(std::string_view previous, const StoredRecord& record) {
  std::string text = "imprimatur-audit-1\n";
  text.reserve(record.detail.size() + 512);  // the rest is mostly shorter
  append_netstring(text, previous);
  append_netstring(text, record.sequence);
  append_netstring(text, record.at);
  append_netstring(text, record.actor);
  append_netstring(text, record.action);
  append_netstring(text, record.subject);
  append_netstring(text, record.outcome);
  if (record.organization) {
    append_netstring(text, *record.organization);
  } else {
    text += "-,";
  }
  append_netstring(text, record.request_id);
  append_netstring(text, record.remote_address);
  append_netstring(text, record.detail);
  return text;
}

std::string chained_hash(std::string_view previous, const StoredRecord& record) {
  return crypto::sha256_hex(chained_text(previous, record));
}

StoredRecord prepared(const Record& record, std::int64_t sequence) {
  StoredRecord stored{.sequence = std::to_string(sequence),
                      .at = std::to_string(to_milliseconds(record.at)),
                      .actor = column(record.actor),
                      .action = column(record.action),
                      .subject = column(record.subject),
                      .outcome = column(record.outcome),
                      .organization = {},
                      .request_id = column(record.request_id),
                      .remote_address = column(record.remote_address),
                      .detail = detail_text(record.detail)};
  if (record.organization) stored.organization = column(*record.organization);
  return stored;
}

Entry entry(const db::Row& row) {
  const StoredRecord stored = stored_record(row);
  Entry entry{.sequence = row.integer(0),
              .record = {.at = from_milliseconds(row.integer(1)),
                         .actor = stored.actor,
                         .action = stored.action,
                         .subject = stored.subject,
                         .outcome = stored.outcome,
                         .organization = stored.organization,
                         .request_id = stored.request_id,
                         .remote_address = stored.remote_address,
                         .detail = {}},
              .hash = row.text(kHashColumn)};
  boost::system::error_code error;
  boost::json::value detail = boost::json::parse(stored.detail, error);
  if (!error && detail.is_object()) {
    entry.record.detail = std::move(detail.as_object());
  } else {
    entry.record.detail["unreadable"] = stored.detail;
  }
  return entry;
}

}  // namespace imp::audit
