#include "base/yaml_document.h"

#include <gmock/gmock.h>

namespace imp {
namespace {

TEST(YamlDocument, HasThePlaceOfEverything) {
  const auto root = parse_yaml("# first\na:\n  b: [x, 'y']\n\"c d\": 1\ne:\n", "f.yaml");
  ASSERT_TRUE(root) << root.error().message;
  ASSERT_EQ(root->members.size(), 3u);
  const YamlNode* list = root->member("a")->member("b");
  ASSERT_EQ(list->items.size(), 2u);
  EXPECT_EQ(list->items[1].text, "y");
  EXPECT_EQ(list->items[1].style, YamlNode::Style::quoted);
  EXPECT_EQ(list->items[0].style, YamlNode::Style::plain);
  EXPECT_EQ(list->items[0].line, 3);
  EXPECT_EQ(list->items[0].column, 7);
  EXPECT_EQ(root->member("c d")->text, "1");
  EXPECT_EQ(root->members[1].first.line, 4);
  EXPECT_EQ(root->members[1].first.column, 1);
  EXPECT_EQ(root->member("e")->kind, YamlNode::Kind::null);
  EXPECT_EQ(root->member("e")->line, 5);  // its key's
  EXPECT_EQ(root->member("f"), nullptr);
}

TEST(YamlDocument, MayBeEmpty) {
  for (const char* text : {"", "\n\n", "# nothing\n  # here\n"}) {
    EXPECT_EQ(parse_yaml(text, "f")->kind, YamlNode::Kind::null) << text;
  }
}

TEST(YamlDocument, SaysWhereItIsWrong) {
  const struct {
    std::string_view text;
    const char* place;
  } cases[] = {{"a: [1\n", "f.yaml:"},
               {"a: 1\na: 2\n", "f.yaml:2:1: "},
               {"a: &x 1\nb: *x\n", "f.yaml:2:1: aliases"},
               {"? [a]\n: b\n", "f.yaml:1:4: a key"},
               {"a: 1\nb: \xc3\n", "f.yaml:2: this line is not UTF-8"},
               {"%\x99\x99", "f.yaml:1: this line"},  // the parser would not come back
               {{"a: 1\n\0", 6}, "f.yaml:2: this line"}};
  for (const auto& [text, place] : cases) {
    const auto root = parse_yaml(text, "f.yaml");
    ASSERT_FALSE(root) << text;
    EXPECT_EQ(root.error().code(), "settings_malformed");
    EXPECT_THAT(root.error().message, testing::HasSubstr(place));
  }
}

TEST(YamlDocument, BlocksAreTold) {
  EXPECT_EQ(parse_yaml("a: |\n  x\n", "f")->member("a")->style, YamlNode::Style::block);
}

}  // namespace
}  // namespace imp
