#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ci/expressions/error.h"
#include "ci/expressions/token.h"

namespace imp::ci::expr {

/// One instruction of a stack machine; the operands of an operator come before it.
struct Instruction {
  enum class Operation : std::uint8_t {
    push,            ///< the token's literal
    load,            ///< the variable that the token names
    negate,          ///< replaces the top by the boolean that it is falsy
    apply,           ///< replaces two operands by the token's operator applied to them
    skip_if_falsy,   ///< `and`: keeps a falsy top and goes to target, drops a truthy one
    skip_if_truthy,  ///< `or`: the other way round
  };

  Operation operation;
  Token token;             ///< what an error points at
  std::size_t target = 0;  ///< of the skips: an index into the program
};

/// A parsed expression. It can be kept and evaluated as often as one likes.
class Expression {
 public:
  /// The text it was parsed from, for messages.
  const std::string& text() const { return text_; }
  const std::vector<Instruction>& program() const { return program_; }

  /// The variables it names, each once, in order of appearance, also those that evaluation may
  /// skip.
  std::vector<std::string> identifiers() const;

  /// An expression that is one variable, whatever characters its name has: for templates, where
  /// names from before there were expressions are still allowed.
  static Expression variable(std::string name);

 private:
  friend std::expected<Expression, Error> parse(std::string_view text);
  Expression(std::string text, std::vector<Instruction> program)
      : text_(std::move(text)), program_(std::move(program)) {}

  std::string text_;
  std::vector<Instruction> program_;
};

/// Parses CircleCI's expression language:
///
///     expression := or ; or := and ("or" and)* ; and := equality ("and" equality)*
///     equality   := comparison ( ("==" | "!=" | "starts-with" | "contains" | "matches") comparison
///     )* comparison := unary ( (">=" | ">" | "<=" | "<") unary )* unary      := ("not" | "!")
///     unary | primary primary    := true | false | NUMBER | STRING | PATTERN | IDENTIFIER | "("
///     expression ")"
std::expected<Expression, Error> parse(std::string_view text);

}  // namespace imp::ci::expr
