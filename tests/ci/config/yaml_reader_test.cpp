#include "ci/config/yaml_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace imp::ci::config {
namespace {

/// The tree on one line: {a: [1, "x"], b: ~}.
std::string shown(const Node& node) {
  std::string text;
  if (const List* list = node.list()) {
    for (const NodePtr& item : *list) text += (text.empty() ? "" : ", ") + shown(*item);
    return "[" + text + "]";
  }
  if (const Map* map = node.map()) {
    for (const Entry& entry : *map) {
      text += (text.empty() ? "" : ", ") + entry.key + ": " + shown(*entry.value);
    }
    return "{" + text + "}";
  }
  if (node.is_null()) return "~";
  if (const std::string* string = node.string()) return "\"" + *string + "\"";
  return to_text(*node.scalar());
}

std::string read(std::string_view yaml) {
  const auto node = read_yaml(yaml);
  return node ? shown(**node) : node.error().text();
}

TEST(YamlReader, ScalarsListsAndMaps) {
  EXPECT_EQ(read("a: 1\nb: '1'\nc: \"yes\"\nd: yes\ne:\nf: [x, {y: z}]\n"),
            R"({a: 1, b: "1", c: "yes", d: true, e: ~, f: ["x", {y: "z"}]})");
  EXPECT_EQ(read("a: |\n  x\n  y\nb: >-\n  x\n  y\n"), "{a: \"x\ny\n\", b: \"x y\"}");
  EXPECT_EQ(read("a: |\n  5\n"), "{a: \"5\n\"}");  // a block is always text
  EXPECT_EQ(read("a: !!str 5\nb: !!int 5\n"), R"({a: "5", b: 5})");
  EXPECT_EQ(read("1: a\ntrue: b\n~: c\n"), R"({1: "a", true: "b", ~: "c"})");
  EXPECT_EQ(read("a: {\n  b: c\n}\n"), R"({a: {b: "c"}})");
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "a: b\n"),
            R"({a: "b"})");  // a byte order mark
  EXPECT_EQ(read("--- # start\na: b\n...\n"), R"({a: "b"})");
}

TEST(YamlReader, AnchorsAndMergeKeys) {
  EXPECT_EQ(read("a: &x [1]\nb: *x\n"), "{a: [1], b: [1]}");
  EXPECT_EQ(read("a: &x 1\nb: &x 2\nc: *x\n"), "{a: 1, b: 2, c: 2}");  // the last one counts
  EXPECT_EQ(read("a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}\n"), "{a: {k: 1, l: 2}, b: {k: 1, l: 3}}");
  // Its own keys win wherever the merge key stands.
  EXPECT_EQ(read("a: &x {k: 1}\nb: {k: 2, <<: *x}\n"), "{a: {k: 1}, b: {k: 2}}");
  // Of several maps the first wins.
  EXPECT_EQ(read("a: &x {k: 1}\nb: &y {k: 2, l: 2}\nc: {<<: [*x, *y]}\n"),
            "{a: {k: 1}, b: {k: 2, l: 2}, c: {k: 1, l: 2}}");
  EXPECT_EQ(read("a: &x {k: 1}\nb: &y {<<: *x, l: 2}\nc: {<<: *y}\n"),
            "{a: {k: 1}, b: {k: 1, l: 2}, c: {k: 1, l: 2}}");
  EXPECT_EQ(read("b: {<<: {k: 1}}\n"), "{b: {k: 1}}");
  EXPECT_EQ(read("a: {'<<': 1}\n"), "{a: {<<: 1}}");  // quoted it is a key like any other
}

TEST(YamlReader, PositionsAreWhereTheTextStands) {
  const auto node = read_yaml("é: x\nlist:\n  - a: |\n      text\n    b: [c, d]\n");
  ASSERT_TRUE(node);
  const Entry& list = *(*node)->find("list");
  EXPECT_EQ(list.position.line, 2U);
  EXPECT_EQ(list.position.column, 1U);
  const Node& item = *(*list.value->list())[0];
  // A block is at its key: its first line may be far away.
  EXPECT_EQ(item.find("a")->value->position.line, 3U);
  EXPECT_EQ(item.find("a")->value->position.column, 5U);
  const Node& d = *(*item.find("b")->value->list())[1];
  EXPECT_EQ(d.position.line, 5U);
  EXPECT_EQ(d.position.column, 12U);
  // Columns count characters, not bytes.
  EXPECT_EQ((*node)->find("é")->value->position.column, 4U);
}

/// Ten aliases of the level below, on each of `levels` levels.
std::string bomb(int levels) {
  std::string yaml = "l0: &l0 [lol]\n";
  for (int i = 1; i <= levels; ++i) {
    const std::string below = "*l" + std::to_string(i - 1);
    yaml += "l" + std::to_string(i) + ": &l" + std::to_string(i) + " [" + below;
    for (int j = 1; j < 10; ++j) yaml += ", " + below;
    yaml += "]\n";
  }
  return yaml;
}

TEST(YamlReader, AliasBombsAreRefusedBeforeTheyGrow) {
  EXPECT_TRUE(read_yaml(bomb(3)));
  const auto node = read_yaml(bomb(50));
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().refusal, ConfigRefusal::config_too_large);
  EXPECT_EQ(reason(node.error().refusal).kind, FailureKind::too_large);
  // Merge keys multiply as well.
  std::string merging = "a: &a {k: " + std::string(100'000, 'x') + "}\nb:\n";
  for (int i = 0; i < 200; ++i) merging += "  - {<<: *a}\n";
  EXPECT_FALSE(read_yaml(merging));
}

TEST(YamlReader, DepthIsLimitedWithAliasesToo) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(read_yaml(nested(max_yaml_depth)));
  EXPECT_FALSE(read_yaml(nested(max_yaml_depth + 1)));
  EXPECT_FALSE(read_yaml(nested(100)));
  EXPECT_FALSE(read_yaml(nested(100'000)));
  // One level each, but every one holds the one before.
  std::string chain = "l0: &l0 [x]\n";
  for (int i = 1; i < 5000; ++i) {
    chain += "l" + std::to_string(i) + ": &l" + std::to_string(i) + " [*l" + std::to_string(i - 1) +
             "]\n";
  }
  const auto node = read_yaml(chain);
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().refusal, ConfigRefusal::config_too_large);
}

TEST(YamlReader, SizeIsLimited) {
  const std::string comment = "# " + std::string(max_config_bytes - 10, 'x') + "\n";
  EXPECT_TRUE(read_yaml(comment + "a: b\n"));
  const auto node = read_yaml(comment + "a: bcdefghijkl\n");
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().refusal, ConfigRefusal::config_too_large);
}

TEST(YamlReader, KeysAreLimited) {
  EXPECT_TRUE(read_yaml(std::string(max_key_bytes, 'k') + ": 1\n"));
  const auto node = read_yaml(std::string(max_key_bytes + 1, 'k') + ": 1\n");
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().refusal, ConfigRefusal::config_too_large);
}

TEST(YamlReader, LongMapsAreReadInReasonableTime) {
  std::string yaml = "base: &base\n";
  for (int i = 0; i < 20'000; ++i) yaml += "  k" + std::to_string(i) + ": 1\n";
  yaml += "copy:\n  <<: *base\n";
  const auto node = read_yaml(yaml);
  ASSERT_TRUE(node) << node.error().text();
  EXPECT_EQ((*node)->find("copy")->value->map()->size(), 20'000U);
}

}  // namespace
}  // namespace imp::ci::config
