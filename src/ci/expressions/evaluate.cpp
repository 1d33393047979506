#include "ci/expressions/evaluate.h"

#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "ci/expressions/pattern.h"

namespace imp::ci::expr {

namespace {

using Outcome = std::expected<Value, Error>;
using Operation = Instruction::Operation;

std::unexpected<Error> fail(ErrorType type, const Token& token) {
  return std::unexpected(Error{type, token.lexeme, token.char_pos, name_of(token.type)});
}

Outcome compare(const Token& token, const Value& left, const Value& right) {
  const auto* a = std::get_if<std::int64_t>(&left);
  const auto* b = std::get_if<std::int64_t>(&right);
  if (!a || !b) return fail(ErrorType::expected_numeric_operand, token);
  switch (token.type) {
    case TokenType::greater:
      return *a > *b;
    case TokenType::greater_equal:
      return *a >= *b;
    case TokenType::less:
      return *a < *b;
    default:
      return *a <= *b;
  }
}

Outcome apply_builtin(const Token& token, const Value& left, const Value& right) {
  const auto* text = std::get_if<std::string>(&left);
  // The lexeme is all lower or all upper case, and the initials differ.
  if (std::tolower(static_cast<unsigned char>(token.lexeme[0])) == 'm') {
    const auto* pattern = std::get_if<Pattern>(&right);
    // The pattern is looked at first, as CircleCI does: `5 matches 6` names the right operand.
    if (!pattern) return fail(ErrorType::expected_pattern_operand, token);
    if (!text) return fail(ErrorType::expected_string_operand, token);
    return matches_whole(*text, pattern->source);
  }
  const auto* part = std::get_if<std::string>(&right);
  if (!text || !part) return fail(ErrorType::expected_string_operand, token);
  if (std::tolower(static_cast<unsigned char>(token.lexeme[0])) == 's') {
    return text->starts_with(*part);
  }
  return text->contains(*part);
}

Outcome apply(const Token& token, const Value& left, const Value& right) {
  if (is_undefined(left) || is_undefined(right)) return Undefined{};
  switch (token.type) {
    case TokenType::equal:
      return left == right;
    case TokenType::not_equal:
      return left != right;
    case TokenType::builtin:
      return apply_builtin(token, left, right);
    default:
      return compare(token, left, right);
  }
}

Outcome load(const Token& token, const Environment& environment, Mode mode) {
  const Value* value = environment.find(token.lexeme);
  const bool missing = !value || (mode == Mode::restriction && is_undefined(*value));
  if (missing) return fail(ErrorType::unknown_variable, token);
  return *value;
}

}  // namespace

std::expected<Value, Error> evaluate(const Expression& expression, const Environment& environment,
                                     Mode mode) {
  const std::vector<Instruction>& program = expression.program();
  std::vector<Value> stack;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const auto& [operation, token, target] = program[at];
    switch (operation) {
      case Operation::push:
        stack.push_back(token.literal);
        break;
      case Operation::load: {
        Outcome value = load(token, environment, mode);
        if (!value) return value;
        stack.push_back(std::move(*value));
        break;
      }
      case Operation::negate:
        stack.back() = !truthy(stack.back());
        break;
      case Operation::apply: {
        const Value right = std::move(stack.back());
        stack.pop_back();
        Outcome value = apply(token, stack.back(), right);
        if (!value) return value;
        stack.back() = std::move(*value);
        break;
      }
      case Operation::skip_if_falsy:
      case Operation::skip_if_truthy:
        if (truthy(stack.back()) == (operation == Operation::skip_if_truthy)) {
          at = target - 1;
        } else {
          stack.pop_back();
        }
        break;
    }
  }
  return std::move(stack.back());
}

Verdict judge(const Expression& restriction, const Environment& environment) {
  auto value = evaluate(restriction, environment, Mode::restriction);
  if (!value) return {false, std::move(value.error())};
  return {truthy(*value), std::nullopt};
}

}  // namespace imp::ci::expr
