#include "app/settings_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>

#include "audit/log.h"
#include "db/open_store.h"
#include "db/temporary_directory.h"

namespace imp::app {
namespace {

using testing::ElementsAre;

class SettingsRecordTest : public testing::Test {
 protected:
  SettingsRecordTest() { EXPECT_TRUE(store_->migrate(audit::migrations())); }

  /// A start with these settings: the records of it so far, newest first.
  std::vector<audit::Entry> start() {
    EXPECT_TRUE(record_settings(*store_, settings_, clock_));
    return audit::list(*store_, {.action_prefix = "server.settings"})->entries;
  }
  static std::vector<std::string> changed(const audit::Entry& entry) {
    return boost::json::value_to<std::vector<std::string>>(entry.record.detail.at("changed"));
  }

  std::unique_ptr<db::Database> store_ = db::open_or_abort({.path = ":memory:"});
  ManualClock clock_{from_milliseconds(1'790'000'000'000)};
  Settings settings_;
};

TEST_F(SettingsRecordTest, TheFirstStartSaysWhatIsBelieved) {
  settings_.public_url = "https://npm.example.org";
  const auto records = start();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].record.actor, "system");
  EXPECT_EQ(records[0].record.detail.at("http.public_url").as_string(), "https://npm.example.org");
  EXPECT_TRUE(changed(records[0]).empty());
}

TEST_F(SettingsRecordTest, AStartThatChangesNothingIsNotRecorded) {
  start();
  settings_.log_level = "debug";  // nobody's trust hangs on it
  EXPECT_EQ(start().size(), 1u);
}

// Whom the file names counts, not only which file it is.
TEST_F(SettingsRecordTest, AnotherContentOfTheTrustedRootIsAChange) {
  const test::TemporaryDirectory directory;
  settings_.trusted_root = directory.file("root.json");
  std::ofstream(settings_.trusted_root) << "one";
  const std::size_t records = start().size();
  EXPECT_EQ(start().size(), records);
  std::ofstream(settings_.trusted_root) << "another";
  const auto entries = start();
  ASSERT_EQ(entries.size(), records + 1);
  EXPECT_THAT(changed(entries[0]), ElementsAre("provenance.trusted_root_sha256"));
}

// A setting that is new and decides whom to believe must be here too.
TEST_F(SettingsRecordTest, EverySettingOfTrustIsRecorded) {
  const auto records = start();
  int found = 0;
  for (const SettingsTable::Entry& entry : settings_.table().entries()) {
    if (!entry.key.starts_with("trust.") && !entry.key.starts_with("webhooks.") &&
        !entry.key.starts_with("provenance.")) {
      continue;
    }
    ++found;
    EXPECT_TRUE(records[0].record.detail.contains(entry.key) ||
                records[0].record.detail.contains(entry.key + "_ms"))
        << entry.key;
  }
  EXPECT_GE(found, 9);
}

TEST_F(SettingsRecordTest, EachChangeOfTrustIsRecordedByName) {
  const std::pair<const char*, std::function<void()>> changes[] = {
      {"http.public_url", [&] { settings_.public_url = "https://other.example.org"; }},
      {"http.trusted_proxies", [&] { settings_.trusted_proxies = {"192.0.2.1"}; }},
      {"registry.publishes_per_publisher", [&] { settings_.publishes_per_publisher = 5; }},
      {"registry.publishes_per_repository", [&] { settings_.publishes_per_repository = 5; }},
      {"trust.audiences", [&] { settings_.audiences = {"npm:elsewhere.example.org"}; }},
      {"trust.circleci_issuer", [&] { settings_.circleci_issuer = "https://ci.example.org"; }},
      {"trust.identity_token_age_ms", [&] { settings_.identity_token_age = Milliseconds(1000); }},
      {"trust.private_addresses", [&] { settings_.issuer_private_addresses = true; }},
      {"trust.self_hosted_runners", [&] { settings_.self_hosted_runners = true; }},
      {"webhooks.private_addresses", [&] { settings_.webhook_private_addresses = true; }},
      {"trust.unused_publisher_life_ms",
       [&] { settings_.unused_publisher_life = Milliseconds(1000); }},
      {"trust.publisher_cool_down_ms", [&] { settings_.publisher_cool_down = Milliseconds(1000); }},
      {"trust.switch_cool_down_ms", [&] { settings_.switch_cool_down = Milliseconds(1000); }}};
  std::size_t records = start().size();
  for (const auto& [key, change] : changes) {
    change();
    const auto entries = start();
    ASSERT_EQ(entries.size(), ++records) << key;
    EXPECT_THAT(changed(entries[0]), ElementsAre(key));
    EXPECT_EQ(start().size(), records);  // once
  }
}

}  // namespace
}  // namespace imp::app
