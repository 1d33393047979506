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

}  // namespace
}  // namespace imp::ci
