#include "audit/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/chain.h"
#include "audit/open_log.h"
#include "crypto/hash.h"

namespace imp::audit {
namespace {

using testing::HasSubstr;

TEST(ChainedHash, IsTheDocumentedText) {
  const StoredRecord record{.sequence = "1",
                            .at = "1790000000000",
                            .actor = "user:alice",
                            .action = "a.b",
                            .subject = "",
                            .outcome = "granted",
                            .organization = std::nullopt,
                            .request_id = "r",
                            .remote_address = "::1",
                            .detail = "{}"};
  EXPECT_EQ(chained_hash("ab", record),
            crypto::sha256_hex("imprimatur-audit-1\n2:ab,1:1,13:1790000000000,10:user:alice,3:a.b,"
                               "0:,7:granted,-,1:r,3:::1,2:{},"));
}

// Whatever moves from one column into another must change the hash.
TEST(ChainedHash, DependsOnEveryColumnAndItsPlace) {
  const StoredRecord base{"1", "2", "a", "b", "c", "d", "e", "f", "g", "h"};
  std::vector<StoredRecord> others(14, base);
  others[0].sequence = "2";
  others[1].at = "3";
  others[2].actor = "x";
  others[3].action = "x";
  others[4].subject = "x";
  others[5].outcome = "x";
  others[6].organization = "x";
  others[7].organization.reset();
  others[8].organization = "";
  others[9].request_id = "x";
  others[10].remote_address = "x";
  others[11].detail = "x";
  others[12].actor = "b";
  others[12].action = "a";
  others[13].actor = "a,1:b";
  others[13].action = "";
  std::set<std::string> hashes = {chained_hash("p", base), chained_hash("q", base)};
  for (const StoredRecord& other : others) hashes.insert(chained_hash("p", other));
  EXPECT_EQ(hashes.size(), others.size() + 2);
}

TEST(Verify, AnEmptyLogIsIntact) {
  const auto report = verify(*log_with(0));
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->intact());
  EXPECT_EQ(report->records, 0);
  EXPECT_EQ(report->hash, kFirstPrevious);
}

TEST(Verify, ReportsTheNumberOfRecordsAndTheLastHash) {
  const auto store = log_with(12);
  const auto report = verify(*store);
  EXPECT_TRUE(report->intact());
  EXPECT_EQ(report->records, 12);
  EXPECT_EQ(report->hash, list(*store, {.limit = 1})->entries[0].hash);
}

struct Tampering {
  const char* what;
  std::vector<std::string> sql;
  Damage damage;
  std::int64_t position;
};

// The log has 10 records before each of these.
const Tampering kTamperings[] = {
    {"actor edited",
     {"UPDATE audit_records SET actor = 'user:bob' WHERE sequence = 4"},
     Damage::altered,
     4},
    {"action edited",
     {"UPDATE audit_records SET action = 'x' WHERE sequence = 1"},
     Damage::altered,
     1},
    {"subject edited",
     {"UPDATE audit_records SET subject = 'x' WHERE sequence = 10"},
     Damage::altered,
     10},
    {"outcome edited",
     {"UPDATE audit_records SET outcome = 'replayed' WHERE sequence = 5"},
     Damage::altered,
     5},
    {"time edited",
     {"UPDATE audit_records SET at = at + 1 WHERE sequence = 5"},
     Damage::altered,
     5},
    {"organization edited",
     {"UPDATE audit_records SET organization = NULL WHERE sequence = 5"},
     Damage::altered,
     5},
    {"request id edited",
     {"UPDATE audit_records SET request_id = '' WHERE sequence = 5"},
     Damage::altered,
     5},
    {"address edited",
     {"UPDATE audit_records SET remote_address = '::1' WHERE sequence = 5"},
     Damage::altered,
     5},
    {"one byte of the detail",
     {"UPDATE audit_records SET detail = replace(detail, 'project-id', 'project-iD') WHERE "
      "sequence = 5"},
     Damage::altered,
     5},
    {"white space in the detail",
     {"UPDATE audit_records SET detail = ' ' || detail WHERE sequence = 5"},
     Damage::altered,
     5},
    {"detail that is no JSON",
     {"UPDATE audit_records SET detail = '{' WHERE sequence = 5"},
     Damage::altered,
     5},
    {"hash edited",
     {"UPDATE audit_records SET hash = 'ab' WHERE sequence = 5"},
     Damage::altered,
     5},
    {"first removed", {"DELETE FROM audit_records WHERE sequence = 1"}, Damage::missing, 1},
    {"middle removed", {"DELETE FROM audit_records WHERE sequence = 6"}, Damage::missing, 6},
    {"range removed",
     {"DELETE FROM audit_records WHERE sequence > 3 AND sequence < 8"},
     Damage::missing,
     4},
    {"removed and closed up",
     {"DELETE FROM audit_records WHERE sequence = 6",
      "UPDATE audit_records SET sequence = 6 WHERE sequence = 7"},
     Damage::altered,
     6},
    {"two exchanged",
     {"UPDATE audit_records SET sequence = 99 WHERE sequence = 3",
      "UPDATE audit_records SET sequence = 3 WHERE sequence = 8",
      "UPDATE audit_records SET sequence = 8 WHERE sequence = 99"},
     Damage::altered,
     3},
    {"last removed", {"DELETE FROM audit_records WHERE sequence = 10"}, Damage::truncated, 10},
    {"last five removed", {"DELETE FROM audit_records WHERE sequence > 5"}, Damage::truncated, 6},
    {"all removed", {"DELETE FROM audit_records"}, Damage::truncated, 1},
    {"last removed and the count lowered",
     {"DELETE FROM audit_records WHERE sequence = 10", "UPDATE audit_head SET records = 9"},
     Damage::head,
     9},
    {"count lowered", {"UPDATE audit_head SET records = 7"}, Damage::unexpected, 8},
    {"count raised", {"UPDATE audit_head SET records = 11"}, Damage::truncated, 11},
    {"head's hash edited", {"UPDATE audit_head SET hash = 'ab'"}, Damage::head, 10},
    {"head removed", {"DELETE FROM audit_head"}, Damage::head, 0},
    {"head's count is no number", {"UPDATE audit_head SET records = 'ten'"}, Damage::head, 0},
    {"one added at the end",
     {"INSERT INTO audit_records SELECT 11, at, actor, action, subject, outcome, organization, "
      "request_id, remote_address, detail, hash FROM audit_records WHERE sequence = 10"},
     Damage::unexpected,
     11},
    {"one added far beyond the end",
     {"INSERT INTO audit_records SELECT 500, at, actor, action, subject, outcome, organization, "
      "request_id, remote_address, detail, hash FROM audit_records WHERE sequence = 10"},
     Damage::unexpected,
     11},
    {"one added before the first",
     {"INSERT INTO audit_records SELECT 0, at, actor, action, subject, outcome, organization, "
      "request_id, remote_address, detail, hash FROM audit_records WHERE sequence = 1"},
     Damage::unexpected,
     0},
    {"sequence that is no number",
     {"UPDATE audit_records SET sequence = 'x' WHERE sequence = 10"},
     Damage::missing,
     10},
};

TEST(Verify, FindsEveryKindOfTamperingAndNamesItsPosition) {
  for (const Tampering& tampering : kTamperings) {
    SCOPED_TRACE(tampering.what);
    const auto store = log_with(10);
    for (const std::string& sql : tampering.sql) ASSERT_TRUE(db::run(*store, sql));
    const auto report = verify(*store);
    ASSERT_TRUE(report) << report.error().detail;
    ASSERT_FALSE(report->intact());
    EXPECT_EQ(code(report->finding->damage), code(tampering.damage));
    EXPECT_EQ(report->finding->position, tampering.position);
    if (tampering.position > 0) {
      EXPECT_THAT(report->finding->text, HasSubstr(std::to_string(tampering.position)));
      EXPECT_LT(report->records, tampering.position + 1);
    }
  }
}

/// Rewrites the chain from a record to the end, head included, as one could who knows the method.
void rewrite_from(db::Database& store, std::int64_t sequence) {
  ASSERT_TRUE(store.write([&](db::Session& session) -> Result<void> {
    std::string previous(kFirstPrevious);
    for (const db::Row& row : session.rows("SELECT " + std::string(kColumns) +
                                           " FROM audit_records ORDER BY sequence")) {
      StoredRecord record = stored_record(row);
      if (row.integer(0) == sequence) record.outcome = "forged";
      previous = chained_hash(previous, record);
      session.run("UPDATE audit_records SET outcome = :p1, hash = :p2 WHERE sequence = :p3",
                  {record.outcome, previous, row.integer(0)});
    }
    session.run("UPDATE audit_head SET hash = :p1", {previous});
    return {};
  }));
}

TEST(Verify, AChainRewrittenToItsEndIsFoundByAHashNotedBefore) {
  const auto store = log_with(10);
  const auto before = verify(*store);
  const Anchor anchor{.sequence = before->records, .hash = before->hash};
  ASSERT_TRUE(append_alone(*store, sample(11)));
  EXPECT_TRUE(verify(*store, anchor)->intact());
  rewrite_from(*store, 3);
  EXPECT_TRUE(verify(*store)->intact());  // by itself the chain is sound again
  const auto report = verify(*store, anchor);
  ASSERT_FALSE(report->intact());
  EXPECT_EQ(report->finding->damage, Damage::anchor);
  EXPECT_EQ(report->finding->position, 10);
}

TEST(Verify, AChainCutOffWithItsHeadIsFoundByAHashNotedBefore) {
  const auto store = log_with(10);
  const auto before = verify(*store);
  const std::string ninth = list(*store, {.before = 10, .limit = 1})->entries[0].hash;
  ASSERT_TRUE(db::run(*store, "DELETE FROM audit_records WHERE sequence = 10"));
  ASSERT_TRUE(db::run(*store, "UPDATE audit_head SET records = 9, hash = :p1", {ninth}));
  EXPECT_TRUE(verify(*store)->intact());
  const auto report = verify(*store, Anchor{.sequence = 10, .hash = before->hash});
  ASSERT_FALSE(report->intact());
  EXPECT_EQ(report->finding->damage, Damage::truncated);
  EXPECT_EQ(report->finding->position, 10);
}

TEST(Verify, TenThousandRecordsTakeNoTime) {
  const auto store = log_with(10'000);
  const auto start = std::chrono::steady_clock::now();
  const auto report = verify(*store);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
  EXPECT_TRUE(report->intact());
  EXPECT_EQ(report->records, 10'000);
  ASSERT_TRUE(db::run(*store, "UPDATE audit_records SET actor = 'x' WHERE sequence = 9999"));
  EXPECT_EQ(verify(*store)->finding->position, 9'999);
}

TEST(Verify, ADatabaseWithoutTheLogIsAFailureAndNotAFinding) {
  const auto store = db::open_or_abort({.path = ":memory:"});
  const auto report = verify(*store);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), FailureKind::internal);
}

}  // namespace
}  // namespace imp::audit
