#include "ci/expressions/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "ci/expressions/characters.h"

namespace imp::ci::expr {

namespace {

/// The lexemes of the scanner's errors are one character; those of tokens are marked whole.
std::size_t marker_width(const Error& error) {
  return std::max<std::size_t>(1, count_characters(error.lexeme));
}

}  // namespace

Reason reason(ErrorType type) {
  using enum ErrorType;
  constexpr FailureKind kind = FailureKind::invalid;
  switch (type) {
    case unexpected_character:
      return {"unexpected_character", kind};
    case incomplete_equals:
      return {"incomplete_equals", kind};
    case invalid_numeric_literal:
      return {"invalid_numeric_literal", kind};
    case unterminated_string:
      return {"unterminated_string", kind};
    case unterminated_pattern:
      return {"unterminated_pattern", kind};
    case invalid_pattern_character:
      return {"invalid_pattern_character", kind};
    case invalid_pattern:
      return {"invalid_pattern", kind};
    case pattern_too_long:
      return {"pattern_too_long", kind};
    case expression_too_long:
      return {"expression_too_long", kind};
    case expected_expression:
      return {"expected_expression", kind};
    case unexpected_additional_input:
      return {"unexpected_additional_input", kind};
    case expected_right_paren:
      return {"expected_right_paren", kind};
    case unknown_builtin_function:
      return {"unknown_builtin_function", kind};
    case nested_too_deeply:
      return {"nested_too_deeply", kind};
    case expected_numeric_operand:
      return {"expected_numeric_operand", kind};
    case expected_string_operand:
      return {"expected_string_operand", kind};
    case expected_pattern_operand:
      return {"expected_pattern_operand", kind};
    case unknown_variable:
      return {"unknown_variable", kind};
  }
  return {"unexpected_character", kind};
}

std::string name_of(ErrorType type) {
  std::string name(reason(type).code);
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

std::string Error::head() const {
  using enum ErrorType;
  switch (type) {
    case unexpected_character:
      return fmt::format("Unexpected character '{}':", lexeme);
    case incomplete_equals:
      return fmt::format("Incomplete token, expected \"==\", found '{}':", lexeme);
    case invalid_numeric_literal:
      return "Invalid numeric literal, numbers can range from 0 to 2^63 - 1:";
    case unterminated_string:
      return "Unterminated string starting here:";
    case unterminated_pattern:
      return "Unterminated pattern starting here:";
    case invalid_pattern_character:
      return "Invalid pattern character, only ASCII and Latin-1 are allowed in patterns:";
    case invalid_pattern:
      return "Syntax error in pattern:";
    case pattern_too_long:
      return fmt::format("Pattern length exceeded, limit is {} characters:", max_pattern_length);
    case expression_too_long:
      return fmt::format("Expression length exceeded, limit is {} characters:",
                         max_expression_length);
    case expected_expression:
      return fmt::format("Expected expression, found \"{}\":", lexeme);
    case unexpected_additional_input:
      return fmt::format("Unexpected additional input, found \"{}\", expected EOF:", lexeme);
    case expected_right_paren:
      return "Expected ')' after expression:";
    case unknown_builtin_function:
      return "Unknown infix function:";
    case nested_too_deeply:
      return fmt::format("Parentheses nested too deeply, limit is {}:", max_nesting);
    case expected_numeric_operand:
      return fmt::format("Expected numeric operands to \"{}\" operator:", lexeme);
    case expected_string_operand:
      return fmt::format("Expected string operands to \"{}\" operator:", lexeme);
    case expected_pattern_operand:
      return fmt::format("Expected the right operand to \"{}\" operator to be a pattern:", lexeme);
    case unknown_variable:
      return fmt::format("Referred to a variable \"{}\" that does not exist:", lexeme);
  }
  return {};
}

std::string Error::message(std::string_view expression) const {
  const Characters characters(expression);
  const std::size_t position = std::min(char_pos, characters.size());
  std::size_t begin = position;
  while (begin > 0 && characters[begin - 1] != U'\n') --begin;
  std::size_t end = position;
  while (end < characters.size() && characters[end] != U'\n') ++end;

  // An expected ')' is marked where it is missing, whatever stands there.
  std::size_t width = type == ErrorType::expected_right_paren ? 1 : marker_width(*this);
  width = std::min(width, std::max<std::size_t>(1, end - position));
  return fmt::format("{}\n{}\n{}{}", head(), characters.slice(begin, end),
                     std::string(position - begin, ' '), std::string(width, '^'));
}

Failure failure_of(const Error& error, std::string_view expression) {
  return Failure{reason(error.type), error.message(expression), {}};
}

}  // namespace imp::ci::expr
