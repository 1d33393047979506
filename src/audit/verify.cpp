#include "audit/verify.h"

#include <charconv>

#include "audit/chain.h"
#include "crypto/hash.h"

namespace imp::audit {

namespace {

constexpr std::int64_t kBatch = 1000;

using Sound = std::function<void(std::string_view chained_text)>;

VerifyReport::Finding finding(Damage damage, std::int64_t position, const std::string& text) {
  return {damage, position, "Record " + std::to_string(position) + " " + text};
}

// What the head says: how many records there are, and the hash of the last.
struct Head {
  std::int64_t records = 0;
  std::string hash;
};

std::optional<Head> read_head(db::Session& session) {
  const auto row = session.row("SELECT records, hash FROM audit_head WHERE id = :p1", {1});
  if (!row) return std::nullopt;
  Head head{.hash = row->text(1)};
  const std::string& count = row->text(0);
  const char* end = count.data() + count.size();
  const auto [stopped, error] = std::from_chars(count.data(), end, head.records);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return head;
}

// Continues the report by one row; sets its finding when the row does not continue the chain.
void check_row(VerifyReport& report, const db::Row& row, const Head& head, const Sound& sound) {
  const StoredRecord stored = stored_record(row);
  const std::int64_t expected = report.records + 1;
  if (expected > head.records) {
    report.finding =
        finding(Damage::unexpected, expected,
                "is beyond the end: only " + std::to_string(head.records) + " were written.");
    return;
  }
  if (stored.sequence != std::to_string(expected)) {
    report.finding = finding(Damage::missing, expected,
                             "is missing: record " + stored.sequence + " comes in its place.");
    return;
  }
  const std::string& hash = row.text(kHashColumn);
  const std::string text = chained_text(report.hash, stored);
  if (crypto::sha256_hex(text) != hash) {
    report.finding = finding(Damage::altered, expected,
                             "is not what was written there: it was changed, or moved from another "
                             "place, or the hash before it was changed.");
    return;
  }
  report.records = expected;
  report.hash = hash;
  sound(text);
}

void check_anchor(VerifyReport& report, const std::optional<Anchor>& anchor) {
  if (report.finding || !anchor || report.records != anchor->sequence) return;
  if (report.hash == anchor->hash) return;
  report.finding = finding(Damage::anchor, anchor->sequence,
                           "has the hash " + report.hash + ", but " + anchor->hash +
                               " was noted: the log was rewritten here or before.");
}

// A sequence below 1 is one that somebody put there.
void check_beginning(VerifyReport& report, db::Session& session) {
  const auto before = session.row(
      "SELECT sequence FROM audit_records WHERE sequence < :p1 ORDER BY sequence LIMIT 1", {1});
  if (before)
    report.finding = finding(Damage::unexpected, before->integer(0), "is before the first.");
}

void check_chain(VerifyReport& report, db::Session& session, const Head& head,
                 const std::optional<Anchor>& anchor, const Sound& sound) {
  bool more = true;
  while (more && !report.finding) {
    const auto rows =
        session.rows("SELECT " + std::string(kColumns) +
                         " FROM audit_records WHERE sequence > :p1 ORDER BY sequence LIMIT :p2",
                     {report.records, kBatch});
    more = std::ssize(rows) == kBatch;
    for (const db::Row& row : rows) {
      check_row(report, row, head, sound);
      check_anchor(report, anchor);
      if (report.finding) return;
    }
  }
}

void check_end(VerifyReport& report, const Head& head, const std::optional<Anchor>& anchor) {
  if (report.finding) return;
  if (head.records > report.records) {
    report.finding = finding(
        Damage::truncated, report.records + 1,
        "and those after it are missing: " + std::to_string(head.records) + " were written.");
  } else if (head.hash != report.hash) {
    report.finding = finding(Damage::head, report.records,
                             "is the last, but its hash is not the one that the head remembers.");
  } else if (anchor && report.records < anchor->sequence) {
    report.finding = finding(Damage::truncated, report.records + 1,
                             "and those after it are missing: the hash of record " +
                                 std::to_string(anchor->sequence) + " was noted.");
  }
}

}  // namespace

std::string_view code(Damage damage) {
  switch (damage) {
    case Damage::altered:
      return "altered";
    case Damage::missing:
      return "missing";
    case Damage::truncated:
      return "truncated";
    case Damage::unexpected:
      return "unexpected";
    case Damage::head:
      return "head";
    case Damage::anchor:
      return "anchor";
  }
  return "altered";
}

Result<VerifyReport> verify(db::Database& database, const std::optional<Anchor>& anchor) {
  return database.read([&](db::Session& session) -> Result<VerifyReport> {
    return verify_chain(session, anchor, [](std::string_view) {});
  });
}

VerifyReport verify_chain(db::Session& session, const std::optional<Anchor>& anchor,
                          const Sound& sound) {
  VerifyReport report;
  report.hash = kFirstPrevious;
  const std::optional<Head> head = read_head(session);
  if (!head) {
    report.finding = {Damage::head, 0, "The head of the log is missing or holds no number."};
    return report;
  }
  check_beginning(report, session);
  check_anchor(report, anchor);
  check_chain(report, session, *head, anchor, sound);
  check_end(report, *head, anchor);
  return report;
}

}  // namespace imp::audit
