#include "registry/review/line_diff.h"

#include <gtest/gtest.h>

#include <random>

namespace imp::registry {
namespace {

std::string shown(const LineDiff& diff) {
  std::string out;
  for (const DiffHunk& hunk : diff.hunks) {
    out += "@";
    for (const DiffLine& line : hunk) {
      out += line.kind == DiffLine::Kind::added     ? '+'
             : line.kind == DiffLine::Kind::removed ? '-'
                                                    : ' ';
      out += line.text;
    }
  }
  return out;
}

LineDiff diff_of(std::string_view before, std::string_view after, const DiffLimits& limits = {}) {
  DiffBudget budget;
  return line_diff(before, after, limits, budget);
}

TEST(LineDiff, ShowsChangesWithTheLinesAround) {
  const struct {
    std::string_view before, after, expected;
  } cases[] = {
      {"", "", ""},
      {"a\n", "a\n", ""},
      {"", "a\nb\n", "@+a+b"},
      {"a\nb\n", "", "@-a-b"},
      {"a\nb\nc\n", "a\nx\nc\n", "@ a-b+x c"},
      {"1\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\n6\n", "@ 3 4 5+6"},
      {"a\nb\nc\nd\n", "b\nc\nx\nd\n", "@-a b c+x d"},
      {"a", "a\n", ""},  // the end of the last line makes no other line
      // Far apart: two hunks; near: one.
      {"a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n", "@-a+A 1 2 3@ 5 6 7-b+B"},
      {"a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n", "@-a+A 1 2 3 4 5 6-b+B"},
  };
  for (const auto& it : cases) {
    EXPECT_EQ(shown(diff_of(it.before, it.after)), it.expected) << it.before << "->" << it.after;
  }
}

TEST(LineDiff, LinesHaveTheirNumbers) {
  const LineDiff diff = diff_of("a\nb\nc\n", "a\nx\ny\nc\n");
  ASSERT_EQ(diff.hunks.size(), 1u);
  std::vector<std::pair<int, int>> numbers;
  for (const DiffLine& line : diff.hunks[0]) numbers.emplace_back(line.before, line.after);
  EXPECT_EQ(numbers, (std::vector<std::pair<int, int>>{{1, 1}, {2, 0}, {0, 2}, {0, 3}, {3, 4}}));
}

// With all the context there is, removing what is marked gives the old text, and so on.
TEST(LineDiff, IsTrueOfBothTexts) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string before, after;
    for (std::string* text : {&before, &after}) {
      for (unsigned i = random() % 12; i > 0; --i) {
        *text += static_cast<char>('a' + random() % 3);
        *text += '\n';
      }
    }
    if (before == after) continue;
    DiffLimits limits;
    limits.context = 100;
    if (round % 3 == 0) limits.edits = 2;  // falls back to all of it
    const LineDiff diff = diff_of(before, after, limits);
    ASSERT_EQ(diff.hunks.size(), 1u);
    std::string old, now;
    for (const DiffLine& line : diff.hunks[0]) {
      if (line.kind != DiffLine::Kind::added) old += line.text + "\n";
      if (line.kind != DiffLine::Kind::removed) now += line.text + "\n";
    }
    EXPECT_EQ(old, before);
    EXPECT_EQ(now, after);
  }
}

TEST(LineDiff, StopsAtItsLimits) {
  std::string before, after;
  for (int i = 0; i < 5000; ++i) {
    before += "old " + std::to_string(i) + "\n";
    after += "new " + std::to_string(i) + "\n";
  }
  DiffBudget budget;
  const LineDiff diff = line_diff(before, after, {}, budget);
  EXPECT_TRUE(diff.coarse);
  EXPECT_TRUE(diff.cut);
  std::size_t lines = 0;
  for (const DiffHunk& hunk : diff.hunks) lines += hunk.size();
  EXPECT_EQ(lines, DiffLimits().file_lines);
  EXPECT_EQ(budget.lines, DiffBudget().lines - lines);
  budget.lines = 0;
  const LineDiff none = line_diff("a\n", "b\n", {}, budget);
  EXPECT_TRUE(none.cut);
  EXPECT_TRUE(none.hunks.empty());
  DiffBudget spent{.steps = 0};
  EXPECT_EQ(shown(line_diff("a\nb\n", "x\nb\ny\n", {}, spent)), "@-a-b+x+b+y");
}

TEST(LineDiff, LinesCanBeShown) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"plain\ttext", "plain\ttext"},
      {"windows\r", "windows"},
      {"esc\x1b[2J", "esc<U+001B>[2J"},
      {"naïve 日本", "naïve 日本"},
      {"\xff\xc0x", "<FF><C0>x"},
      {"if (a /*\xe2\x80\xae*/", "if (a /*<U+202E>*/"},  // CVE-2021-42574
      {"zero\xe2\x80\x8bwidth", "zero<U+200B>width"},
      {"\xed\xa0\x80", "<ED><A0><80>"},  // a lone surrogate is no UTF-8
  };
  for (const auto& [line, expected] : cases) EXPECT_EQ(printable_line(line, 400), expected);
  EXPECT_EQ(printable_line(std::string(1000, 'x'), 10), "xxxxxxxxxx… (990 more bytes)");
}

}  // namespace
}  // namespace imp::registry
