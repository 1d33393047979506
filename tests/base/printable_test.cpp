#include "base/printable.h"

#include <gtest/gtest.h>

namespace imp {
namespace {

TEST(Printable, WritesOutWhatATerminalObeys) {
  const struct {
    std::string_view text, shown;
  } cases[] = {
      {"", ""},
      {"naïve 日本 🎉", "naïve 日本 🎉"},
      {"a\x1b[2Jb", "a<U+001B>[2Jb"},
      {"a\r\nb\tc", "a<U+000D><U+000A>b<U+0009>c"},
      {std::string_view("a\0b", 3), "a<U+0000>b"},
      {"a\x7f", "a<U+007F>"},
      {"\xc2\x9b"
       "31m",
       "<U+009B>31m"},                               // CSI in one character
      {"a\xe2\x80\xaetxt.exe", "a<U+202E>txt.exe"},  // what follows is turned around
      {"a\xe2\x81\xa6"
       "b\xe2\x80\x8b",
       "a<U+2066>b<U+200B>"},  // an isolate, no width
      {"a\xe2\x80\xa8"
       "b",
       "a<U+2028>b"},
      {"\x9b"
       "31m",
       "<9B>31m"},  // CSI in one byte
      {"a\xff\xc3", "a<FF><C3>"},
      {"\xed\xa0\x80", "<ED><A0><80>"},  // a surrogate
  };
  for (const auto& [text, shown] : cases) EXPECT_EQ(printable(text), shown);
}

TEST(Printable, KeepsTheControlsThatAreInOrder) {
  EXPECT_EQ(printable("a\n\tb\r\x1b", "\n\t"), "a\n\tb<U+000D><U+001B>");
}

TEST(Printable, HiddenCharactersAreFound) {
  EXPECT_TRUE(has_hidden_characters("a\xe2\x80\xae"));
  EXPECT_TRUE(has_hidden_characters("a\xe3\x85\xa4"));  // U+3164, a name that looks like nothing
  EXPECT_FALSE(has_hidden_characters("\xef\xbb\xbf{}"));
  EXPECT_FALSE(has_hidden_characters("naïve 日本"));
  EXPECT_TRUE(has_hidden_characters("{}\xef\xbb\xbf"));
}

}  // namespace
}  // namespace imp
