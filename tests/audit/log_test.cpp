#include "audit/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "audit/open_log.h"
#include "base/encoding.h"

namespace imp::audit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::int64_t> sequences(const Page& page) {
  std::vector<std::int64_t> found;
  for (const Entry& entry : page.entries) found.push_back(entry.sequence);
  return found;
}

TEST(AuditLog, GivesBackEveryColumn) {
  const auto store = log_with(0);
  Record record = sample(7);
  ASSERT_TRUE(append_alone(*store, record));
  record.organization.reset();
  ASSERT_TRUE(append_alone(*store, record));
  const auto page = list(*store, {});
  ASSERT_EQ(page->entries.size(), 2u);
  const Record& back = page->entries[1].record;
  EXPECT_EQ(page->entries[1].sequence, 1);
  EXPECT_EQ(page->entries[1].hash.size(), 64u);
  EXPECT_EQ(back.at, record.at);
  EXPECT_EQ(back.actor, "user:alice");
  EXPECT_EQ(back.action, "trust.exchange");
  EXPECT_EQ(back.subject, "package:@acme/widget-7");
  EXPECT_EQ(back.outcome, "granted");
  EXPECT_EQ(back.organization, "acme");
  EXPECT_EQ(back.request_id, "request-7");
  EXPECT_EQ(back.remote_address, "192.0.2.1");
  EXPECT_EQ(back.detail, record.detail);
  EXPECT_EQ(page->entries[0].record.organization, std::nullopt);
}

TEST(AuditLog, ARecordIsKeptOnlyWithWhatItRecords) {
  const auto store = log_with(2);
  const auto refused = store->write([](db::Session& session) -> Result<int> {
    append(session, sample(3));
    return refuse(db::StoreRefusal::broken, "the decision was not made after all");
  });
  EXPECT_FALSE(refused);
  EXPECT_EQ(list(*store, {})->entries.size(), 2u);
  ASSERT_TRUE(append_alone(*store, sample(4)));
  EXPECT_TRUE(verify(*store)->intact());
}

TEST(AuditLog, WithoutAHeadNothingIsRecorded) {
  const auto store = log_with(1);
  ASSERT_TRUE(db::run(*store, "DELETE FROM audit_head"));
  const auto done = append_alone(*store, sample(2));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind(), FailureKind::internal);
}

// A hostile request must neither keep itself out of the log nor break it.
TEST(AuditLog, RecordsHostileText) {
  const auto store = log_with(0);
  const std::string hostile[] = {
      std::string("nul\0byte", 8),
      "\xFF\xFE not utf-8 \xC3",
      "\xED\xA0\x80",      // a surrogate
      "5:alice,3:abc,-,",  // looks like the hashed form
      "'); DROP TABLE audit_records; --",
      "line\nline\r\x1b[31m",
      std::string(10'000'000, 'x'),
      std::string(3000, '\xFF'),
  };
  for (const std::string& text : hostile) {
    Record record = sample(1);
    record.actor = record.action = record.subject = record.outcome = text;
    record.organization = record.request_id = record.remote_address = text;
    record.detail = {{"text", text}, {text.substr(0, 100), 1}};
    ASSERT_TRUE(append_alone(*store, record));
    const auto page = list(*store, {.limit = 1});
    ASSERT_EQ(page->entries.size(), 1u);
    EXPECT_TRUE(is_utf8(page->entries[0].record.actor));
    EXPECT_LE(page->entries[0].record.actor.size(), 2048u);
    EXPECT_FALSE(page->entries[0].record.detail.contains("unreadable"));
  }
  EXPECT_TRUE(verify(*store)->intact());
  EXPECT_EQ(verify(*store)->records, std::ssize(hostile));
}

TEST(AuditLog, ADetailThatIsTooLargeIsReplacedByItsSize) {
  const auto store = log_with(0);
  Record record = sample(1);
  record.detail = {{"token", std::string(100'000, 'x')}};
  ASSERT_TRUE(append_alone(*store, record));
  EXPECT_EQ(boost::json::serialize(list(*store, {})->entries[0].record.detail),
            R"({"left_out_bytes":100012})");
}

TEST(AuditLog, ListsNewestFirstInPages) {
  const auto store = log_with(7);
  const auto first = list(*store, {.limit = 3});
  EXPECT_THAT(sequences(*first), ElementsAre(7, 6, 5));
  ASSERT_EQ(first->before, 5);
  const auto second = list(*store, {.before = first->before, .limit = 3});
  EXPECT_THAT(sequences(*second), ElementsAre(4, 3, 2));
  // What is added meanwhile does not shift the pages.
  ASSERT_TRUE(append_alone(*store, sample(8)));
  const auto third = list(*store, {.before = second->before, .limit = 3});
  EXPECT_THAT(sequences(*third), ElementsAre(1));
  EXPECT_EQ(third->before, std::nullopt);
  // A page that is exactly full, and one beyond the end.
  EXPECT_EQ(list(*store, {.before = 4, .limit = 3})->before, std::nullopt);
  EXPECT_THAT(sequences(*list(*store, {.before = 1})), IsEmpty());
  // Limits out of range.
  EXPECT_EQ(list(*store, {.limit = 0})->entries.size(), 1u);
  EXPECT_EQ(list(*store, {.limit = 4'000'000'000})->entries.size(), 8u);
}

TEST(AuditLog, ListsBySubjectActionActorAndOrganization) {
  const auto store = log_with(0);
  const struct {
    const char* actor;
    const char* action;
    const char* subject;
    std::optional<std::string> organization;
  } rows[] = {{"user:a", "trust.exchange", "package:p", "acme"},
              {"user:a", "trust.add", "package:q", "acme"},
              {"user:b", "trusted", "package:p", "other"},
              {"user:b", "publish", "package:p", std::nullopt},
              {"user:%", "pub_ish", "package:%", "acme"}};
  for (const auto& row : rows) {
    Record record = sample(1);
    record.actor = row.actor;
    record.action = row.action;
    record.subject = row.subject;
    record.organization = row.organization;
    ASSERT_TRUE(append_alone(*store, record));
  }
  const auto found = [&](const Query& query) { return sequences(*list(*store, query)); };
  EXPECT_THAT(found({.subject = "package:p"}), ElementsAre(4, 3, 1));
  EXPECT_THAT(found({.subject = "package:"}), IsEmpty());
  EXPECT_THAT(found({.action_prefix = "trust."}), ElementsAre(2, 1));
  EXPECT_THAT(found({.action_prefix = "trust"}), ElementsAre(3, 2, 1));
  EXPECT_THAT(found({.action_prefix = "TRUST"}), IsEmpty());
  EXPECT_THAT(found({.action_prefix = "pub_"}), ElementsAre(5));  // no pattern
  EXPECT_THAT(found({.action_prefix = "%"}), IsEmpty());
  EXPECT_THAT(found({.actor = "user:a"}), ElementsAre(2, 1));
  EXPECT_THAT(found({.organization = "acme"}), ElementsAre(5, 2, 1));
  EXPECT_THAT(found({.subject = "package:p",
                     .action_prefix = "trust.",
                     .actor = "user:a",
                     .organization = "acme",
                     .before = 4}),
              ElementsAre(1));
  EXPECT_THAT(found({.subject = "package:p", .actor = "' OR '1' = '1"}), IsEmpty());
}

TEST(AuditLog, ExportsOneLineOfJsonEach) {
  const auto store = log_with(1201);
  std::int64_t expected = 0;
  ASSERT_TRUE(export_lines(*store, 0, [&](std::string_view line) {
    EXPECT_EQ(line.find('\n'), std::string_view::npos);
    const auto object = boost::json::parse(line).as_object();
    EXPECT_EQ(object.at("sequence").as_int64(), ++expected);
    EXPECT_EQ(object.at("detail").at("number").as_int64(), expected);
  }));
  EXPECT_EQ(expected, 1201);
  std::vector<std::string> lines;
  ASSERT_TRUE(export_lines(*store, 1200, [&](std::string_view line) { lines.emplace_back(line); }));
  ASSERT_EQ(lines.size(), 1u);
  const auto object = boost::json::parse(lines[0]).as_object();
  EXPECT_EQ(object.at("at").as_string(), iso8601(sample(1201).at));
  EXPECT_EQ(object.at("organization").as_string(), "acme");
  EXPECT_EQ(object.at("hash").as_string(), verify(*store)->hash);
}

TEST(AuditLog, RecordsAppendedAtTheSameTimeFormOneChain) {
  const test::TemporaryDirectory directory;
  const auto store = db::open_or_abort({.path = directory.file("store.db")});
  ASSERT_TRUE(store->migrate(migrations()));
  std::vector<std::jthread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      for (int k = 0; k < 40; ++k) {
        const auto done = store->write([&](db::Session& session) -> Result<int> {
          append(session, sample(i * 100 + k));
          // Some decisions come to nothing, in the middle of a group commit.
          if (k % 4 == 3) return refuse(db::StoreRefusal::broken, "rolled back");
          append(session, sample(i * 100 + k));
          return 1;
        });
        EXPECT_EQ(done.has_value(), k % 4 != 3);
      }
    });
  }
  writers.clear();
  const auto report = verify(*store);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->intact()) << report->finding->text;
  EXPECT_EQ(report->records, 8 * 30 * 2);
}

}  // namespace
}  // namespace imp::audit
