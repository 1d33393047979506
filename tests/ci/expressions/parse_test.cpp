#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ci/expressions/expression.h"

namespace imp::ci::expr {
namespace {

struct Row {
  std::string text;
  Error error;
};

Error scanned(ErrorType type, std::string lexeme, std::size_t at) {
  return {type, std::move(lexeme), at, {}};
}

TEST(Parse, ErrorsSayWhereAndOnWhat) {
  using enum ErrorType;
  std::vector<Row> rows = {
      // Scanner
      {"foo..bar", scanned(unexpected_character, ".", 3)},
      {".foo", scanned(unexpected_character, ".", 0)},
      {"foo.", scanned(unexpected_character, ".", 3)},
      {"-foo", scanned(unexpected_character, "-", 0)},
      {"_foo", scanned(unexpected_character, "_", 0)},
      {"2 > 5 && f", scanned(unexpected_character, "&", 6)},
      {"'main'", scanned(unexpected_character, "'", 0)},
      {"£", scanned(unexpected_character, "£", 0)},
      {"\"é\" ~", scanned(unexpected_character, "~", 4)},  // characters, not bytes
      {"😀", scanned(unexpected_character, "😀", 0)},
      {"a # comment", scanned(unexpected_character, "#", 2)},
      {std::string("a\0b", 3), scanned(unexpected_character, std::string("\0", 1), 1)},
      {"a \xC3", scanned(unexpected_character, "\uFFFD", 2)},  // not UTF-8
      {"=!", scanned(incomplete_equals, "!", 1)},
      {"a =", scanned(incomplete_equals, "", 3)},
      {"=😀", scanned(incomplete_equals, "😀", 1)},
      {"9223372036854775808", scanned(invalid_numeric_literal, "9", 0)},
      {"n == 99999999999999999999999", scanned(invalid_numeric_literal, "9", 5)},
      {"text \"an unterminated string", scanned(unterminated_string, "\"", 5)},
      {"\"ends in an escape\\\"", scanned(unterminated_string, "\"", 0)},
      {"text /an unterminated pattern", scanned(unterminated_pattern, "/", 5)},
      {"/ends in an escape\\/", scanned(unterminated_pattern, "/", 0)},
      {"/foo⏰/", scanned(invalid_pattern_character, "⏰", 4)},
      {"/foo\\u23f0/", scanned(invalid_pattern_character, "\\", 4)},
      {"/foo\\x{23f0}/", scanned(invalid_pattern_character, "\\", 4)},
      {"/foo(?:bar/", scanned(invalid_pattern, "/", 0)},
      {"/(?=a)b/", scanned(invalid_pattern, "/", 0)},                  // RE2 has no look-ahead
      {"/(((a{100}){100}){100})/", scanned(invalid_pattern, "/", 0)},  // over the memory budget
      {"a matches /" + std::string(257, 'x') + "/", scanned(pattern_too_long, "/", 10)},
      // Parser
      {"", {expected_expression, "", 0, "EOF"}},
      {"  \n", {expected_expression, "", 3, "EOF"}},
      {"and", {expected_expression, "and", 0, "AND"}},
      {"foo or", {expected_expression, "", 6, "EOF"}},
      {"!", {expected_expression, "", 1, "EOF"}},
      {">= 4", {expected_expression, ">=", 0, "GREATER_EQUAL"}},
      {"foo and (", {expected_expression, "", 9, "EOF"}},
      {"()", {expected_expression, ")", 1, "RIGHT_PAREN"}},
      {"a == == b", {expected_expression, "==", 5, "EQUAL"}},
      {"a or not", {expected_expression, "", 8, "EOF"}},
      {"foo and bar baz", {unexpected_additional_input, "baz", 12, "IDENTIFIER"}},
      {"1 > 2) < 3", {unexpected_additional_input, ")", 5, "RIGHT_PAREN"}},
      {"a true", {unexpected_additional_input, "true", 2, "TRUE"}},
      {"(1 > 2 3", {expected_right_paren, "3", 7, "NUMBER"}},
      {"((foo and bar)", {expected_right_paren, "", 14, "EOF"}},
      {"hello invalid world", {unknown_builtin_function, "invalid", 6, "IDENTIFIER"}},
      {"true or hello world bar", {unknown_builtin_function, "world", 14, "IDENTIFIER"}},
      {"branch Matches /x/", {unknown_builtin_function, "Matches", 7, "IDENTIFIER"}},
      {"a And b", {unknown_builtin_function, "And", 2, "IDENTIFIER"}},
      // Our limits
      {std::string(101, '(') + "a" + std::string(101, ')'),
       {nested_too_deeply, "(", 100, "LEFT_PAREN"}},
      {std::string(4097, ' '), scanned(expression_too_long, "", 4096)},
  };
  for (const Row& row : rows) {
    const auto parsed = parse(row.text);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.error(), row.error)
        << row.text << ": " << name_of(parsed.error().type) << " at " << parsed.error().char_pos;
  }
}

TEST(Parse, AcceptsWhatIsJustInsideTheLimits) {
  const std::string wide(max_pattern_length, 'x');
  EXPECT_TRUE(parse("/" + wide + "/"));
  // The limit counts characters: these are two bytes each.
  std::string accented;
  for (std::size_t i = 0; i < max_pattern_length; ++i) accented += "é";
  EXPECT_TRUE(parse("/" + accented + "/"));
  EXPECT_TRUE(parse(std::string(100, '(') + "a" + std::string(100, ')')));
  // Side by side is not nesting.
  std::string pairs = "(a)";
  for (int i = 0; i < 200; ++i) pairs += " and (a)";
  EXPECT_TRUE(parse(pairs));
  EXPECT_TRUE(parse("a" + std::string(max_expression_length - 1, ' ')));
}

TEST(Parse, ManyOpenParenthesesAreAnErrorAndNotAStackOverflow) {
  EXPECT_EQ(parse(std::string(4096, '(')).error().type, ErrorType::nested_too_deeply);
  EXPECT_EQ(parse(std::string(1 << 20, '(')).error().type, ErrorType::expression_too_long);
}

TEST(Parse, StringEscapes) {
  const auto literal = [](std::string_view text) {
    return std::get<std::string>(parse(text)->program().front().token.literal);
  };
  EXPECT_EQ(literal(R"("say \"hi\"")"), R"(say "hi")");
  EXPECT_EQ(literal(R"("a\\b")"), R"(a\b)");
  EXPECT_EQ(literal(R"("a\\\"b")"), R"(a\"b)");
  EXPECT_EQ(literal(R"("a\nb")"), R"(a\nb)");  // no other escape means anything
  EXPECT_EQ(literal("\"two\nlines\""), "two\nlines");
  EXPECT_EQ(literal("\"\""), "");
}

TEST(Parse, PatternsUnescapeOnlyTheSlash) {
  const auto source = [](std::string_view text) {
    return std::get<Pattern>(parse(text)->program().front().token.literal).source;
  };
  EXPECT_EQ(source(R"(/a\/b/)"), "a/b");
  EXPECT_EQ(source(R"(/a\.b/)"), R"(a\.b)");
  EXPECT_EQ(source(R"(/a\\\/b/)"), R"(a\\/b)");
}

TEST(Parse, ListsTheIdentifiersOnceAndAlsoTheSkippedOnes) {
  const auto names = [](std::string_view text) { return parse(text)->identifiers(); };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names("1 == 1"), Names{});
  EXPECT_EQ(names("a == b or a"), (Names{"a", "b"}));
  EXPECT_EQ(names("true or not pipeline.trigger_parameters.webhook.body contains \"x\""),
            Names{"pipeline.trigger_parameters.webhook.body"});
  // Inside strings and patterns nothing is a name.
  EXPECT_EQ(names("\"a\" matches /b/"), Names{});
}

TEST(Parse, AVariableMayHaveAnyNameWhenBuiltDirectly) {
  const Expression variable = Expression::variable("pipeline.parameters.old:name");
  EXPECT_EQ(variable.identifiers(), std::vector<std::string>{"pipeline.parameters.old:name"});
  EXPECT_EQ(variable.text(), "pipeline.parameters.old:name");
}

}  // namespace
}  // namespace imp::ci::expr
