#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/failure.h"

namespace imp::ci::expr {

/// What can be wrong with an expression: CircleCI's error types, and two limits of our own.
enum class ErrorType : std::uint8_t {
  // Scanner
  unexpected_character,
  incomplete_equals,
  invalid_numeric_literal,
  unterminated_string,
  unterminated_pattern,
  invalid_pattern_character,
  invalid_pattern,
  pattern_too_long,
  expression_too_long,  ///< ours: over max_expression_length
  // Parser
  expected_expression,
  unexpected_additional_input,
  expected_right_paren,
  unknown_builtin_function,
  nested_too_deeply,  ///< ours: over max_nesting
  // Interpreter
  expected_numeric_operand,
  expected_string_operand,
  expected_pattern_operand,
  unknown_variable,
};

inline constexpr std::size_t max_expression_length = 4096;  ///< characters
inline constexpr std::size_t max_pattern_length = 256;      ///< characters
inline constexpr std::size_t max_nesting = 100;             ///< open parentheses

/// Lower snake case of the type, always FailureKind::invalid.
Reason reason(ErrorType type);
/// CircleCI's name, e.g. "UNKNOWN_VARIABLE".
std::string name_of(ErrorType type);

struct Error {
  ErrorType type = ErrorType::unexpected_character;
  std::string lexeme;           ///< the character or token at fault; empty at the end of the input
  std::size_t char_pos = 0;     ///< its position in the expression: characters, not bytes, from 0
  std::string_view token_type;  ///< CircleCI's token name, e.g. "BUILTIN"; empty from the scanner

  bool operator==(const Error&) const = default;

  /// The first line of message().
  std::string head() const;
  /// Three lines: the explanation, the line of the expression that holds the error, and `^` under
  /// each of the lexeme's characters.
  std::string message(std::string_view expression) const;
};

/// The error as a refusal: message() as its message.
Failure failure_of(const Error& error, std::string_view expression);

}  // namespace imp::ci::expr
