#include "ci/expressions/evaluate.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace imp::ci::expr {
namespace {

/// branch, n, f and dev have values, tag is known but unset, everything else is absent.
Environment example() {
  Environment environment;
  environment.set("branch", std::string("main"));
  environment.set("tag", Undefined{});
  environment.set("n", std::int64_t{5});
  environment.set("f", false);
  environment.set("t", true);
  environment.set("dev", std::string("feature/x"));
  environment.set("empty", std::string());
  environment.set("pipeline.git.branch.is_default", true);
  environment.set("ready?", true);
  return environment;
}

std::string shown(const std::expected<Value, Error>& outcome) {
  if (!outcome) return name_of(outcome.error().type);
  if (is_undefined(*outcome)) return "undefined";
  if (const auto* text = std::get_if<std::string>(&*outcome)) return "\"" + *text + "\"";
  if (const auto* pattern = std::get_if<Pattern>(&*outcome)) return "/" + pattern->source + "/";
  return to_text(*outcome);
}

std::string value_of(std::string_view text, Mode mode) {
  const auto expression = parse(text);
  if (!expression) return name_of(expression.error().type);
  return shown(evaluate(*expression, example(), mode));
}

struct Case {
  std::string text;
  std::string filter;       ///< the value in filter mode
  std::string restriction;  ///< the value in restriction mode; "" for the same
};

TEST(Evaluate, ComputesEveryRowOfTheLanguage) {
  const std::vector<Case> cases = {
      {R"(branch == "main" and not f)", "true", ""},
      {R"(tag == "v1")", "undefined", "UNKNOWN_VARIABLE"},
      {R"(not tag)", "true", "UNKNOWN_VARIABLE"},
      {R"(tag != "v1")", "undefined", "UNKNOWN_VARIABLE"},
      {R"(tag or "none")", "\"none\"", "UNKNOWN_VARIABLE"},
      {R"(branch == "dev" and 10 or 1)", "1", ""},
      {R"(branch == "main" and 10 or 1)", "10", ""},
      {R"(0)", "0", ""},
      {R"("")", "\"\"", ""},
      {R"("1" == 1)", "false", ""},
      {R"("1" != 1)", "true", ""},
      {R"(n >= 5 and n < 6)", "true", ""},
      {R"(branch < 3)", "EXPECTED_NUMERIC_OPERAND", ""},
      {R"(dev matches /feature/)", "false", ""},
      {R"(dev matches /feature\/.*/)", "true", ""},
      {R"(dev starts-with "feature")", "true", ""},
      // `not` binds tighter than `==`: (not "main") == "x".
      {R"(not branch == "x")", "false", ""},
      {R"(nosuch == 1)", "UNKNOWN_VARIABLE", ""},
      {R"(branch = "main")", "INCOMPLETE_EQUALS", ""},
      {R"(branch in ["a"])", "UNEXPECTED_CHARACTER", ""},
      {R"(branch in "a")", "UNKNOWN_BUILTIN_FUNCTION", ""},

      // Literals and lookups.
      {"true", "true", ""},
      {"FALSE", "false", ""},
      {"9223372036854775807", "9223372036854775807", ""},
      {"/a+/", "/a+/", ""},
      {"ready?", "true", ""},
      {"pipeline.git.branch.is_default", "true", ""},
      {"tag", "undefined", "UNKNOWN_VARIABLE"},

      // and, or: an operand comes back, the right side is evaluated only when needed.
      {"f and nosuch", "false", ""},
      {"t or nosuch", "true", ""},
      {"t and nosuch", "UNKNOWN_VARIABLE", ""},
      {"0 and n", "5", ""},
      {"n or nosuch", "5", ""},
      {"tag and nosuch", "undefined", "UNKNOWN_VARIABLE"},
      {"t and tag", "undefined", "UNKNOWN_VARIABLE"},
      {"f or tag", "undefined", "UNKNOWN_VARIABLE"},
      // A short-circuit may skip an unset variable even in a restriction.
      {"t or tag", "true", ""},
      {"f and tag", "false", ""},
      {"f and nosuch or t", "true", ""},
      {"t or nosuch and nosuch", "true", ""},
      {"f and nosuch and nosuch", "false", ""},
      {"(f or f) and nosuch or n", "5", ""},

      // not
      {"!t", "false", ""},
      {"NOT f", "true", ""},
      {"not not n", "true", ""},
      {"not 0", "false", ""},
      {"not \"\"", "false", ""},
      {"not f and f", "false", ""},
      {"not (f and f)", "true", ""},

      // Equality: same type and value.
      {"t == t", "true", ""},
      {"n == 5", "true", ""},
      {"n != 5", "false", ""},
      {"t == 1", "false", ""},
      {"f != empty", "true", ""},
      {"empty == \"\"", "true", ""},
      {"tag == tag", "undefined", "UNKNOWN_VARIABLE"},
      {"1 == 1 == true", "true", ""},

      // Comparison: two numbers.
      {"5 > 5", "false", ""},
      {"5 >= 5", "true", ""},
      {"4 < 5", "true", ""},
      {"6 <= 5", "false", ""},
      {"1 < true", "EXPECTED_NUMERIC_OPERAND", ""},
      {"\"a\" >= \"a\"", "EXPECTED_NUMERIC_OPERAND", ""},
      // Left-associative: (1 < 2) is a boolean.
      {"1 < 2 < 3", "EXPECTED_NUMERIC_OPERAND", ""},
      {"tag < 3", "undefined", "UNKNOWN_VARIABLE"},
      {"\"a\" < tag", "undefined", "UNKNOWN_VARIABLE"},

      // Infix functions.
      {"dev contains \"ture/\"", "true", ""},
      {"dev CONTAINS \"main\"", "false", ""},
      {"dev STARTS-WITH \"x\"", "false", ""},
      {"dev starts-with empty", "true", ""},
      {"n contains \"5\"", "EXPECTED_STRING_OPERAND", ""},
      {"dev contains /a/", "EXPECTED_STRING_OPERAND", ""},
      {"dev starts-with 5", "EXPECTED_STRING_OPERAND", ""},
      {"dev matches \"feature\"", "EXPECTED_PATTERN_OPERAND", ""},
      {"5 matches /5/", "EXPECTED_STRING_OPERAND", ""},
      {"5 matches 6", "EXPECTED_PATTERN_OPERAND", ""},
      {"tag matches /v.*/", "undefined", "UNKNOWN_VARIABLE"},
      // An undefined operand wins over a wrong one.
      {"tag starts-with 5", "undefined", "UNKNOWN_VARIABLE"},

      // Patterns match the whole string, whichever alternative comes first.
      {"\"ab\" matches /a|ab/", "true", ""},
      {"\"v1.2.3\" matches /^v[0-9]+(\\.[0-9]+)*$/", "true", ""},
      {"\"v1.2.3-rc\" matches /^v[0-9]+(\\.[0-9]+)*$/", "false", ""},
      {"\"FOOD\" MATCHES /(?i)fo+d/", "true", ""},
      {"\"a\nb\" matches /a.b/", "false", ""},
      {"\"a\nb\" matches /(?s)a.b/", "true", ""},
      {"\"é\" matches /é/", "true", ""},
      {"\"\" matches //", "true", ""},

      // Same level, left to right: (branch == "main") == true.
      {"branch == \"main\" == true", "true", ""},
      {"branch starts-with \"ma\" == true", "true", ""},
      {"n > 4 == true", "true", ""},
      {"(n < 4 or not f) and \"s\" != 42", "true", ""},
      {"branch == \"main\" and not (n == 5 and dev == \"other\")", "true", ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(value_of(c.text, Mode::filter), c.filter) << c.text;
    EXPECT_EQ(value_of(c.text, Mode::restriction), c.restriction.empty() ? c.filter : c.restriction)
        << c.text;
  }
}

TEST(Evaluate, OnlyFalseAndUndefinedAreFalsy) {
  EXPECT_FALSE(truthy(Undefined{}));
  EXPECT_FALSE(truthy(false));
  EXPECT_TRUE(truthy(true));
  EXPECT_TRUE(truthy(std::int64_t{0}));
  EXPECT_TRUE(truthy(std::string()));
  EXPECT_TRUE(truthy(Pattern{"x"}));
}

TEST(Evaluate, ErrorsSayWhereAndOnWhat) {
  struct Row {
    std::string text;
    Error error;
  };
  const std::vector<Row> rows = {
      {"5 > true", {ErrorType::expected_numeric_operand, ">", 2, "GREATER"}},
      {"f >= 3", {ErrorType::expected_numeric_operand, ">=", 2, "GREATER_EQUAL"}},
      {"5 < t", {ErrorType::expected_numeric_operand, "<", 2, "LESS"}},
      {"5 <= t", {ErrorType::expected_numeric_operand, "<=", 2, "LESS_EQUAL"}},
      {"55 contains 5", {ErrorType::expected_string_operand, "contains", 3, "BUILTIN"}},
      {"branch matches 12", {ErrorType::expected_pattern_operand, "matches", 7, "BUILTIN"}},
      {"1 > 1 or nosuch", {ErrorType::unknown_variable, "nosuch", 9, "IDENTIFIER"}},
  };
  for (const Row& row : rows) {
    const auto value = evaluate(*parse(row.text), example(), Mode::filter);
    ASSERT_FALSE(value) << row.text;
    EXPECT_EQ(value.error(), row.error) << row.text;
  }
}

TEST(Judge, AllowsOnlyWhatIsTruthyAndFailsClosed) {
  Environment environment = example();
  environment.set("job.ssh.enabled", false);
  const auto judged = [&](std::string_view text) { return judge(*parse(text), environment); };

  const std::string recommended = R"(branch == "main" and not job.ssh.enabled)";
  EXPECT_TRUE(judged(recommended).allowed);
  environment.set("job.ssh.enabled", true);
  EXPECT_FALSE(judged(recommended).allowed);
  EXPECT_FALSE(judged(recommended).error) << "a plain no is not an error";

  EXPECT_TRUE(judged("0").allowed);
  EXPECT_FALSE(judged("f").allowed);
  for (const char* text :
       {"not tag", "tag != \"v1\"", "nosuch", "not nosuch", "branch < 1", "tag"}) {
    const Verdict verdict = judged(text);
    EXPECT_FALSE(verdict.allowed) << text;
    EXPECT_TRUE(verdict.error) << text;
  }
}

TEST(Evaluate, LongChainsNeitherRecurseNorSlowDown) {
  std::string nots;
  for (int i = 0; i < 1001; ++i) nots += "not ";
  EXPECT_EQ(value_of(nots + "t", Mode::filter), "false");

  std::string chain = "n == 5";
  while (chain.size() + 16 < max_expression_length) chain += " and n == 5";
  EXPECT_EQ(value_of(chain, Mode::filter), "true");

  std::string equalities = "t";
  while (equalities.size() + 16 < max_expression_length) equalities += "==t";
  EXPECT_EQ(value_of(equalities, Mode::filter), "true");
}

TEST(Evaluate, AHostilePatternCostsTimeLinearInTheText) {
  Environment environment;
  environment.set("text", std::string(100'000, 'a') + "b");
  const auto expression = parse("text matches /(a*)*c/");
  ASSERT_TRUE(expression);
  const auto value = evaluate(*expression, environment, Mode::filter);
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, Value(false));
}

TEST(Evaluate, AnExpressionCanBeEvaluatedAgain) {
  const auto expression = parse("branch");
  Environment first;
  first.set("branch", std::string("a"));
  Environment second;
  second.set("branch", std::string("b"));
  EXPECT_EQ(*evaluate(*expression, first, Mode::filter), Value(std::string("a")));
  EXPECT_EQ(*evaluate(*expression, second, Mode::filter), Value(std::string("b")));
}

}  // namespace
}  // namespace imp::ci::expr
