#include "audit/entry_text.h"

#include <gtest/gtest.h>

#include "crypto/hash.h"

namespace imp::audit {
namespace {

const StoredRecord kRecord{.sequence = "7",
                           .at = "1790000000000",
                           .actor = "user:alice",
                           .action = "a.b",
                           .subject = "",
                           .outcome = "granted",
                           .organization = std::nullopt,
                           .request_id = "12:3,",
                           .remote_address = "::1",
                           .detail = "{}"};

TEST(EntryText, IsTheChainedText) {
  const std::string text = chained_text("ab", kRecord);
  EXPECT_EQ(entry_text(text), text);
  EXPECT_EQ(crypto::sha256_hex(entry_text(text)), chained_hash("ab", kRecord));
}

TEST(EntryText, OfWhatIsTooLongForABundleIsItsHash) {
  StoredRecord record = kRecord;
  record.detail.clear();
  record.detail.assign(kLongestEntry - chained_text("ab", record).size() - 4, 'x');
  const std::string longest = chained_text("ab", record);
  ASSERT_EQ(longest.size(), kLongestEntry);
  EXPECT_EQ(entry_text(longest), longest);
  record.detail += 'x';
  const std::string text = chained_text("ab", record);
  EXPECT_EQ(entry_text(text), "imprimatur-audit-1-sha256\n" + chained_hash("ab", record) + "\n");
}

TEST(ParseEntry, ReadsWhatWasWritten) {
  for (const auto& organization : {std::optional<std::string>(), std::optional<std::string>(""),
                                   std::optional<std::string>("acme")}) {
    StoredRecord record = kRecord;
    record.organization = organization;
    const auto parts = parse_entry(chained_text("ab", record));
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->previous, "ab");
    EXPECT_EQ(parts->record.organization, organization);
    EXPECT_EQ(chained_text(parts->previous, parts->record), chained_text("ab", record));
  }
}

TEST(ParseEntry, RefusesEverythingElse) {
  const std::string text = chained_text("ab", kRecord);
  for (std::size_t end = 0; end < text.size(); ++end) {
    EXPECT_FALSE(parse_entry(text.substr(0, end))) << end;
  }
  for (const std::string& wrong :
       {text + "x", "x" + text, "imprimatur-audit-2" + text.substr(18), std::string("\n"),
        std::string("imprimatur-audit-1\n-,-,-,-,-,-,-,-,-,-,-,"),
        std::string("imprimatur-audit-1\n02:ab,1:7,"),
        std::string("imprimatur-audit-1\n99999999999999999999:ab,")}) {
    EXPECT_FALSE(parse_entry(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace imp::audit
