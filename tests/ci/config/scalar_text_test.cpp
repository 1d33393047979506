#include "ci/config/scalar_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ci/config/yaml_reader.h"

namespace imp::ci::config {
namespace {

/// The text of the key `k`, or the problem's.
std::string text_in(const std::string& yaml) {
  const auto root = read_yaml(yaml);
  if (!root) return root.error().text();
  const std::string* text = (*root)->find("k")->value->string();
  return text ? *text : "not text";
}

TEST(ScalarText, OfEveryStyle) {
  struct Row {
    std::string yaml;
    std::string text;
  };
  const std::vector<Row> rows = {
      // Plain.
      {"k: a b  # comment\n", "a b"},
      {"k: a\n  b\n\n  c\n\n\n  d\n", "a b\nc\n\nd"},
      {"k: it's \"a\" \\n\n", "it's \"a\" \\n"},
      {"k: a\r\n  b\r\n", "a b"},
      // Single quotes.
      {"k: 'it''s'\n", "it's"},
      {"k: ''''''\n", "''"},
      {"k: ' a \n   b \n\n  c '\n", " a b\nc "},
      {"k: '\n  a\n  '\n", " a "},
      {"k: 'a\\n'\n", "a\\n"},
      // Double quotes.
      {R"(k: "a\tb\nc\\d\"e\/f\e\_")", "a\tb\nc\\d\"e/f\x1b\u00A0"},
      {R"(k: "\x41\u00e9\U0001F600\ud83d\ude00")", "Aé😀😀"},
      {R"(k: "\N\L\P")", "\u0085\u2028\u2029"},
      {"k: \"a \n  b\n\n  c\"\n", "a b\nc"},
      {"k: \"a \\\n   b\\\n   \\ c\"\n", "a b c"},
      {"k: \"a\\t \n  b\"\n", "a\t b"},  // what an escape wrote is not white space at a line's end
      {"k: \" a \"\n", " a "},
      // Literal blocks.
      {"k: |\n  a\n   b\n\n  c\n", "a\n b\n\nc\n"},
      {"k: |-\n  a\n\n\n", "a"},
      {"k: |+\n  a\n\n\n", "a\n\n\n"},
      {"k: |  # comment | > x\n  a\n", "a\n"},
      {"k: |\n\n\n  a\n", "\n\na\n"},
      {"k: |\n  a\n # comment\nl: b\n", "a\n"},
      {"k: |\n  a", "a"},  // the file ends without a line end
      {"k: |\n  a\n   \n  b\n", "a\n \nb\n"},
      {"k: |\n  a\n \n  b\n", "a\n\nb\n"},
      {"k: |2\n    a\n   b\n", "  a\n b\n"},
      {"k: |1-\n  a\n", " a"},
      {"k: |-1\n  a\n", " a"},
      {"k: |\n  \ta\n", "\ta\n"},
      {"k: |\n", ""},
      {"k: |\nl: b\n", ""},
      {"k: |+\n\n\nl: b\n", "\n\n"},
      {"k: |\r\n  a\r\n  b\r\n", "a\nb\n"},
      {"k: !!str |\n  5\n", "5\n"},
      {"k: &anchor |\n  a\n", "a\n"},
      // Folded blocks.
      {"k: >\n  a\n  b\n\n  c\n\n\n  d\n", "a b\nc\n\nd\n"},
      // Lines that are indented further keep their breaks.
      {"k: >\n  f\n  g\n\n   h\n  i\n", "f g\n\n h\ni\n"},
      {"k: >-\n\n  a\n  b\n\n", "\na b"},
      {"k: >+\n  a\n\n", "a\n\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(text_in(row.yaml), row.text) << row.yaml;
}

TEST(ScalarText, Malformed) {
  const std::vector<std::string> files = {
      "k: \"\\0\"\n",  // NUL ends a C string, and with it a command or a variable
      "k: \"\\x00\"\n",   "k: \"\\u0000\"\n",     "k: \"\\q\"\n",
      "k: \"\\ud83d\"\n",  // half a surrogate pair
      "k: \"\\udc00\"\n", "k: \"\\U00110000\"\n", "k: \"\\x4\"\n",
  };
  for (const std::string& file : files) {
    const auto root = read_yaml(file);
    ASSERT_FALSE(root) << file;
    EXPECT_EQ(root.error().refusal, ConfigRefusal::yaml_malformed) << file;
  }
}

// libfyaml takes this for a block, though it stands no deeper than its key, and returns a text
// whose end is memory that nobody wrote: what the server held before could appear in a job's
// command.
TEST(ScalarText, ABlockAtItsKeysIndentationIsRefusedAndLeaksNothing) {
  const std::string yaml =
      "a:\n"
      "    k: |\n"
      "    Z  q\n"
      "      x y\n"
      "    l: m\n";
  const auto root = read_yaml(yaml);
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().refusal, ConfigRefusal::yaml_malformed);
  EXPECT_EQ(root.error().line, 2U);
  EXPECT_EQ(root.error().column, 5U);
}

TEST(ScalarText, BlocksInsideListsAndMaps) {
  const auto root = read_yaml(
      "list:\n"
      "- |\n"
      " one\n"
      "- k: |\n"
      "    two\n"
      "  l: >2\n"
      "      three\n"
      "-   - |-\n"
      "      four\n");
  ASSERT_TRUE(root) << root.error().text();
  const List& list = *(*root)->find("list")->value->list();
  EXPECT_EQ(*list[0]->string(), "one\n");
  EXPECT_EQ(*list[1]->find("k")->value->string(), "two\n");
  EXPECT_EQ(*list[1]->find("l")->value->string(), "  three\n");
  EXPECT_EQ(*list[2]->list()->front()->string(), "four");
}

}  // namespace
}  // namespace imp::ci::config
