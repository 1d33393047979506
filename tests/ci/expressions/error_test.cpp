#include "ci/expressions/error.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ci/expressions/evaluate.h"

namespace imp::ci::expr {
namespace {

std::string message_for(std::string_view text) {
  const auto expression = parse(text);
  if (!expression) return expression.error().message(text);
  Environment environment;
  environment.set("foo", std::int64_t{5});
  const auto value = evaluate(*expression, environment, Mode::filter);
  return value ? "no error" : value.error().message(text);
}

TEST(ErrorMessage, ExplainsQuotesTheLineAndMarksTheToken) {
  struct Row {
    std::string text;
    std::string message;
  };
  const std::vector<Row> rows = {
      {"1 > 1 or \"main\" != nosuch and false",
       "Referred to a variable \"nosuch\" that does not exist:\n"
       "1 > 1 or \"main\" != nosuch and false\n"
       "                   ^^^^^^"},
      {"5 < \"x\"", "Expected numeric operands to \"<\" operator:\n5 < \"x\"\n  ^"},
      {"foo starts-with \"api\"",
       "Expected string operands to \"starts-with\" operator:\n"
       "foo starts-with \"api\"\n"
       "    ^^^^^^^^^^^"},
      {"\"hello\" matches 5",
       "Expected the right operand to \"matches\" operator to be a pattern:\n"
       "\"hello\" matches 5\n"
       "        ^^^^^^^"},
      {"foo and ) bar", "Expected expression, found \")\":\nfoo and ) bar\n        ^"},
      {"foo and", "Expected expression, found \"\":\nfoo and\n       ^"},
      {"foo bar", "Unexpected additional input, found \"bar\", expected EOF:\nfoo bar\n    ^^^"},
      {"(foo true", "Expected ')' after expression:\n(foo true\n     ^"},
      {"4 invalid 5", "Unknown infix function:\n4 invalid 5\n  ^^^^^^^"},
      {"2 > 5 && false", "Unexpected character '&':\n2 > 5 && false\n      ^"},
      {"foo = 5", "Incomplete token, expected \"==\", found ' ':\nfoo = 5\n     ^"},
      {"9223372036854775808",
       "Invalid numeric literal, numbers can range from 0 to 2^63 - 1:\n9223372036854775808\n^"},
      {"foo == \"x", "Unterminated string starting here:\nfoo == \"x\n       ^"},
      {"foo matches /x", "Unterminated pattern starting here:\nfoo matches /x\n            ^"},
      {"/⏰/",
       "Invalid pattern character, only ASCII and Latin-1 are allowed in patterns:\n/⏰/\n ^"},
      {"/(/", "Syntax error in pattern:\n/(/\n^"},
      // Only the line at fault is quoted, and the marker counts characters.
      {"true and\n\"é\" == nosuch and\nfalse",
       "Referred to a variable \"nosuch\" that does not exist:\n\"é\" == nosuch and\n       "
       "^^^^^^"},
      {"true and\n", "Expected expression, found \"\":\n\n^"},
  };
  for (const Row& row : rows) EXPECT_EQ(message_for(row.text), row.message);

  const std::string too_long = "/" + std::string(257, 'x') + "/";
  EXPECT_EQ(message_for(too_long),
            "Pattern length exceeded, limit is 256 characters:\n" + too_long + "\n^");
}

TEST(ErrorMessage, BecomesARefusalWithAStableCode) {
  const std::string text = "branch = 5";
  const Failure failure = failure_of(parse(text).error(), text);
  EXPECT_EQ(failure.code(), "incomplete_equals");
  EXPECT_EQ(failure.kind(), FailureKind::invalid);
  EXPECT_TRUE(failure.message.starts_with("Incomplete token"));
  EXPECT_EQ(name_of(ErrorType::incomplete_equals), "INCOMPLETE_EQUALS");
}

TEST(ErrorMessage, APositionOutsideTheTextDoesNoHarm) {
  const Error error{ErrorType::expected_expression, "lexeme", 500, "EOF"};
  EXPECT_EQ(error.message("ab"), "Expected expression, found \"lexeme\":\nab\n  ^");
}

}  // namespace
}  // namespace imp::ci::expr
