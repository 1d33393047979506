#include "audit/log.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "audit/chain.h"
#include "audit/entry_text.h"
#include "audit/tree_tables.h"
#include "crypto/hash.h"

namespace imp::audit {

namespace {

constexpr std::int64_t kExportBatch = 500;

// The statement's text depends only on which filters are set, so that it stays prepared.
class Filters {
 public:
  void add(const std::string& condition, const std::string& value) {
    if (!value.empty()) add_always(condition, value);
  }
  // "?" stands for the parameter.
  void add_always(std::string condition, db::Value value) {
    parameters_.push_back(std::move(value));
    const std::string name = ":p" + std::to_string(parameters_.size());
    for (std::size_t at; (at = condition.find('?')) != std::string::npos;) {
      condition.replace(at, 1, name);
    }
    sql_ += (parameters_.size() == 1 ? " WHERE " : " AND ") + condition;
  }
  std::string sql(std::int64_t limit) {
    parameters_.push_back(limit);
    return "SELECT " + std::string(kColumns) + " FROM audit_records" + sql_ +
           " ORDER BY sequence DESC LIMIT :p" + std::to_string(parameters_.size());
  }
  const std::vector<db::Value>& parameters() const { return parameters_; }

 private:
  std::string sql_;
  std::vector<db::Value> parameters_;
};

}  // namespace

boost::json::object to_json(const Entry& entry) {
  boost::json::object line;
  line["sequence"] = entry.sequence;
  line["at"] = iso8601(entry.record.at);
  line["actor"] = entry.record.actor;
  line["action"] = entry.record.action;
  line["subject"] = entry.record.subject;
  line["outcome"] = entry.record.outcome;
  if (entry.record.organization) {
    line["organization"] = *entry.record.organization;
  } else {
    line["organization"] = nullptr;
  }
  line["request_id"] = entry.record.request_id;
  line["remote_address"] = entry.record.remote_address;
  line["detail"] = entry.record.detail;
  line["hash"] = entry.hash;
  return line;
}

tlog::Hash Placed::leaf() const { return tlog::leaf_hash(entry_text(text)); }

std::vector<db::Migration> migrations() {
  return {{.name = "audit/1",
           .sql = "CREATE TABLE audit_records (\n"
                  "  sequence BIGINT PRIMARY KEY,\n"
                  "  at BIGINT NOT NULL,\n"
                  "  actor TEXT NOT NULL,\n"
                  "  action TEXT NOT NULL,\n"
                  "  subject TEXT NOT NULL,\n"
                  "  outcome TEXT NOT NULL,\n"
                  "  organization TEXT,\n"
                  "  request_id TEXT NOT NULL,\n"
                  "  remote_address TEXT NOT NULL,\n"
                  "  detail TEXT NOT NULL,\n"
                  "  hash TEXT NOT NULL\n"
                  ");\n"
                  "CREATE INDEX audit_by_subject ON audit_records (subject, sequence);\n"
                  "CREATE INDEX audit_by_actor ON audit_records (actor, sequence);\n"
                  "CREATE INDEX audit_by_organization ON audit_records (organization, sequence);\n"
                  "CREATE TABLE audit_head (\n"
                  "  id BIGINT PRIMARY KEY,\n"
                  "  records BIGINT NOT NULL,\n"
                  "  hash TEXT NOT NULL\n"
                  ");\n"
                  "INSERT INTO audit_head (id, records, hash) VALUES (1, 0, '" +
                  std::string(kFirstPrevious) + "');\n"},
          // Most records belong to no organisation.
          {.name = "audit/2",
           .sql = "DROP INDEX audit_by_organization;\n"
                  "CREATE INDEX audit_by_organization ON audit_records (organization, sequence) "
                  "WHERE organization IS NOT NULL;\n"},
          tree_migration()};
}

Placed append(db::Session& session, const Record& record) {
  const auto head = session.row("SELECT records, hash FROM audit_head WHERE id = :p1", {1});
  if (!head) throw db::StoreError("the head of the audit log is missing", false);
  const std::int64_t sequence = head->integer(0) + 1;
  StoredRecord stored = prepared(record, sequence);
  Placed placed{sequence, chained_text(head->text(1), stored)};
  const std::string hash = crypto::sha256_hex(placed.text);
  db::Value organization = std::monostate();
  if (stored.organization) organization = std::move(*stored.organization);
  static const std::string insert =
      "INSERT INTO audit_records (" + std::string(kColumns) +
      ") VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11)";
  session.run(insert,
              {sequence, to_milliseconds(record.at), std::move(stored.actor),
               std::move(stored.action), std::move(stored.subject), std::move(stored.outcome),
               std::move(organization), std::move(stored.request_id),
               std::move(stored.remote_address), std::move(stored.detail), hash});
  // SQLite has one writer: nobody can have moved it since it was read. With several, who reads it
  // would have to lock it; one that does not fails here, and no record is continued twice.
  const std::int64_t continued =
      session.run("UPDATE audit_head SET records = :p1, hash = :p2 WHERE id = 1 AND records = :p3",
                  {sequence, hash, sequence - 1});
  if (continued != 1) throw db::StoreError("the head of the audit log has moved", false);
  return placed;
}

Result<void> append_alone(db::Database& database, const Record& record) {
  return database.write([&](db::Session& session) -> Result<void> {
    append(session, record);
    return {};
  });
}

Result<Page> list(db::Database& database, const Query& query) {
  Filters filters;
  filters.add("subject = ?", query.subject);
  filters.add("substr(action, 1, length(?)) = ?", query.action_prefix);
  filters.add("actor = ?", query.actor);
  filters.add("organization = ?", query.organization);
  if (query.before) filters.add_always("sequence < ?", *query.before);
  const std::int64_t limit = std::clamp(query.limit, 1u, 1000u);
  // One more than asked for tells whether there is a next page.
  const std::string sql = filters.sql(limit + 1);
  return database.read([&](db::Session& session) -> Result<Page> {
    Page page;
    for (const db::Row& row : session.rows(sql, filters.parameters())) {
      if (std::ssize(page.entries) == limit) {
        page.before = page.entries.back().sequence;
        break;
      }
      page.entries.push_back(entry(row));
    }
    return page;
  });
}

Result<void> export_lines(db::Database& database, std::int64_t after,
                          const std::function<void(std::string_view line)>& line) {
  while (true) {
    const auto batch = database.read([&](db::Session& session) -> Result<std::vector<Entry>> {
      std::vector<Entry> entries;
      for (const db::Row& row :
           session.rows("SELECT " + std::string(kColumns) +
                            " FROM audit_records WHERE sequence > :p1 ORDER BY sequence LIMIT :p2",
                        {after, kExportBatch})) {
        entries.push_back(entry(row));
      }
      return entries;
    });
    if (!batch) return pass_on(batch);
    if (batch->empty()) return {};
    for (const Entry& one : *batch) line(boost::json::serialize(to_json(one)));
    after = batch->back().sequence;
  }
}

}  // namespace imp::audit
