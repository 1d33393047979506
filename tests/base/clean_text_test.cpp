#include "base/clean_text.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace imp {
namespace {

TEST(CleanText, ReplacesWhatCannotBeStored) {
  const struct {
    std::string text;
    std::string clean;
  } cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"snow \xE2\x98\x83", "snow \xE2\x98\x83"},
      {std::string("a\0b", 3),
       "a\xEF\xBF\xBD"
       "b"},
      {"a\xFF"
       "b",
       "a\xEF\xBF\xBD"
       "b"},
      {"cut \xE2\x98", "cut \xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},  // overlong
      {"\xF0\x9F\x8E\x89!", "\xF0\x9F\x8E\x89!"},
  };
  for (const auto& [text, clean] : cases) EXPECT_EQ(clean_text(text, 100), clean);
}

TEST(CleanText, CutsBetweenCharacters) {
  EXPECT_EQ(clean_text("1234567890", 10), "1234567890");
  EXPECT_EQ(clean_text("12345678901", 10), "1234567\xE2\x80\xA6");
  EXPECT_EQ(clean_text("12345\xE2\x98\x83\xE2\x98\x83", 10), "12345\xE2\x80\xA6");
  const std::string hostile[] = {std::string(100, '\xFF'), std::string(100, '\xE2'),
                                 "1234567890\xF0\x9F\x8E\x89\xF0\x9F\x8E\x89"};
  for (const std::string& text : hostile) {
    for (std::size_t limit = 3; limit < 40; ++limit) {
      const std::string clean = clean_text(text, limit);
      EXPECT_LE(clean.size(), limit);
      EXPECT_TRUE(is_utf8(clean));
    }
  }
}

}  // namespace
}  // namespace imp
