#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include "ci/expressions/expression.h"
#include "ci/expressions/scanner.h"

namespace imp::ci::expr {

namespace {

using Operation = Instruction::Operation;
using enum TokenType;

/// Recursive descent over the tokens. Each production appends its instructions and returns the
/// first error, if any.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::expected<std::vector<Instruction>, Error> parse() {
    if (auto error = parse_or()) return std::unexpected(std::move(*error));
    if (peek().type != end) return std::unexpected(unexpected_input());
    return std::move(program_);
  }

 private:
  using MaybeError = std::optional<Error>;

  MaybeError parse_or() {
    if (auto error = parse_and()) return error;
    while (const Token* token = take({disjunction})) {
      const std::size_t skip = emit(Operation::skip_if_truthy, *token);
      if (auto error = parse_and()) return error;
      program_[skip].target = program_.size();
    }
    return {};
  }

  MaybeError parse_and() {
    if (auto error = parse_equality()) return error;
    while (const Token* token = take({conjunction})) {
      const std::size_t skip = emit(Operation::skip_if_falsy, *token);
      if (auto error = parse_equality()) return error;
      program_[skip].target = program_.size();
    }
    return {};
  }

  MaybeError parse_equality() {
    if (auto error = parse_comparison()) return error;
    while (const Token* token = take({equal, not_equal, builtin})) {
      if (auto error = parse_comparison()) return error;
      emit(Operation::apply, *token);
    }
    return {};
  }

  MaybeError parse_comparison() {
    if (auto error = parse_unary()) return error;
    while (const Token* token = take({greater, greater_equal, less, less_equal})) {
      if (auto error = parse_unary()) return error;
      emit(Operation::apply, *token);
    }
    return {};
  }

  MaybeError parse_unary() {
    const std::size_t first = current_;
    while (take({negation})) {
    }
    const std::size_t past = current_;
    if (auto error = parse_primary()) return error;
    for (std::size_t i = past; i > first; --i) emit(Operation::negate, tokens_[i - 1]);
    return {};
  }

  MaybeError parse_primary() {
    if (const Token* token = take({true_literal, false_literal})) {
      const std::size_t at = emit(Operation::push, *token);
      program_[at].token.literal = token->type == true_literal;
      return {};
    }
    if (const Token* token = take({number, string, pattern})) {
      emit(Operation::push, *token);
      return {};
    }
    if (const Token* token = take({identifier})) {
      emit(Operation::load, *token);
      return {};
    }
    if (const Token* token = take({left_paren})) {
      if (++nesting_ > max_nesting) return error(ErrorType::nested_too_deeply, *token);
      if (auto error = parse_or()) return error;
      if (!take({right_paren})) return error(ErrorType::expected_right_paren, peek());
      --nesting_;
      return {};
    }
    return error(ErrorType::expected_expression, peek());
  }

  /// An identifier followed by something that could be its operand is most likely a misspelt infix
  /// function.
  Error unexpected_input() {
    const Token first = peek();
    if (take({identifier}) && !parse_comparison()) {
      return error(ErrorType::unknown_builtin_function, first);
    }
    return error(ErrorType::unexpected_additional_input, first);
  }

  const Token& peek() const { return tokens_[current_]; }

  const Token* take(std::initializer_list<TokenType> types) {
    if (std::ranges::find(types, peek().type) == types.end()) return nullptr;
    return &tokens_[current_++];
  }

  std::size_t emit(Operation operation, Token token) {
    program_.push_back({operation, std::move(token)});
    return program_.size() - 1;
  }

  static Error error(ErrorType type, const Token& token) {
    return {type, token.lexeme, token.char_pos, name_of(token.type)};
  }

  std::vector<Token> tokens_;
  std::size_t current_ = 0;
  std::size_t nesting_ = 0;
  std::vector<Instruction> program_;
};

}  // namespace

std::vector<std::string> Expression::identifiers() const {
  std::vector<std::string> names;
  for (const Instruction& instruction : program_) {
    if (instruction.operation != Operation::load) continue;
    if (std::ranges::find(names, instruction.token.lexeme) == names.end()) {
      names.push_back(instruction.token.lexeme);
    }
  }
  return names;
}

Expression Expression::variable(std::string name) {
  std::vector<Instruction> program{{Operation::load, Token{identifier, name, 0, Undefined{}}}};
  return {std::move(name), std::move(program)};
}

std::expected<Expression, Error> parse(std::string_view text) {
  auto tokens = scan(text);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  auto program = Parser(std::move(*tokens)).parse();
  if (!program) return std::unexpected(std::move(program.error()));
  return Expression(std::string(text), std::move(*program));
}

}  // namespace imp::ci::expr
