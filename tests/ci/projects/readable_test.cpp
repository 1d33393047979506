#include "ci/projects/readable.h"

#include <gtest/gtest.h>

namespace imp::ci {
namespace {

TEST(Readable, KeepsTextAndMarksWhatIsNone) {
  const struct {
    std::string bytes, text;
  } cases[] = {{"", ""},
               {"plain", "plain"},
               {"\u00fcml\u00e4ut \U0001F600", "\u00fcml\u00e4ut \U0001F600"},
               {"a\xff z", "a\uFFFD z"},
               {"cut \xe2\x82", "cut \uFFFD\uFFFD"},
               {"\xc0\x80", "\uFFFD\uFFFD"},             // an overlong NUL
               {"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"}};  // a surrogate
  for (const auto& [bytes, text] : cases) EXPECT_EQ(readable(bytes), text) << bytes;
}

TEST(UnfinishedCharacter, IsWhatMayStillBecomeOne) {
  const struct {
    std::string bytes;
    std::size_t unfinished;
  } cases[] = {{"", 0},
               {"a", 0},
               {"caf\xc3", 1},
               {"\u00e9", 0},
               {"\xe2\x82", 2},
               {"\u20ac", 0},
               {"\xf0\x9f\x98", 3},
               {"\U0001F600", 0},
               {"\x82\x82\x82", 0}};  // the rest of none
  for (const auto& [bytes, unfinished] : cases) {
    EXPECT_EQ(unfinished_character(bytes), unfinished) << bytes;
  }
}

}  // namespace
}  // namespace imp::ci
