#include "ci/expressions/scanner.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "ci/expressions/characters.h"
#include "ci/expressions/pattern.h"

namespace imp::ci::expr {

namespace {

bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool is_letter(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); }
bool is_identifier_tail(char32_t c) {
  return is_letter(c) || is_digit(c) || c == U'-' || c == U'_' || c == U'?';
}

/// Exactly lower or exactly upper case: `And` is an identifier.
constexpr std::array<std::pair<std::string_view, TokenType>, 16> keywords{{
    {"and", TokenType::conjunction},
    {"AND", TokenType::conjunction},
    {"or", TokenType::disjunction},
    {"OR", TokenType::disjunction},
    {"not", TokenType::negation},
    {"NOT", TokenType::negation},
    {"true", TokenType::true_literal},
    {"TRUE", TokenType::true_literal},
    {"false", TokenType::false_literal},
    {"FALSE", TokenType::false_literal},
    {"starts-with", TokenType::builtin},
    {"STARTS-WITH", TokenType::builtin},
    {"contains", TokenType::builtin},
    {"CONTAINS", TokenType::builtin},
    {"matches", TokenType::builtin},
    {"MATCHES", TokenType::builtin},
}};

TokenType word_type(std::string_view word) {
  const auto found =
      std::ranges::find(keywords, word, &std::pair<std::string_view, TokenType>::first);
  return found == keywords.end() ? TokenType::identifier : found->second;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : characters_(text) {}

  std::expected<std::vector<Token>, Error> scan() {
    if (characters_.size() > max_expression_length) {
      return std::unexpected(Error{ErrorType::expression_too_long, {}, max_expression_length, {}});
    }
    while (!at_end()) {
      start_ = current_;
      if (auto error = scan_token()) return std::unexpected(std::move(*error));
    }
    start_ = current_;
    add(TokenType::end);
    return std::move(tokens_);
  }

 private:
  std::optional<Error> scan_token() {
    const char32_t c = characters_[current_++];
    switch (c) {
      case U' ':
      case U'\t':
      case U'\r':
      case U'\n':
        return {};
      case U'(':
        return add(TokenType::left_paren);
      case U')':
        return add(TokenType::right_paren);
      case U'!':
        return add(take(U'=') ? TokenType::not_equal : TokenType::negation);
      case U'>':
        return add(take(U'=') ? TokenType::greater_equal : TokenType::greater);
      case U'<':
        return add(take(U'=') ? TokenType::less_equal : TokenType::less);
      case U'=':
        if (!take(U'=')) return error(ErrorType::incomplete_equals, current_);
        return add(TokenType::equal);
      case U'"':
        return scan_string();
      case U'/':
        return scan_pattern();
      default:
        break;
    }
    if (is_digit(c)) return scan_number();
    if (is_letter(c)) return scan_word();
    return error(ErrorType::unexpected_character, start_);
  }

  std::optional<Error> scan_string() {
    std::string value;
    std::size_t run = current_;
    while (!at_end() && peek() != U'"') {
      if (peek() == U'\\' && (peek(1) == U'"' || peek(1) == U'\\')) {
        value += characters_.slice(run, current_);
        run = ++current_;
      }
      ++current_;
    }
    if (at_end()) return error(ErrorType::unterminated_string, start_);
    value += characters_.slice(run, current_++);
    return add(TokenType::string, std::move(value));
  }

  std::optional<Error> scan_pattern() {
    std::string source;
    std::size_t run = current_;
    std::size_t length = 0;
    for (; !at_end() && peek() != U'/'; ++length) {
      if (peek() == U'\\' && peek(1) == U'/') {
        source += characters_.slice(run, current_);
        run = ++current_;
      } else if (peek() > U'\xFF' || (peek() == U'\\' && (peek(1) == U'u' || peek(1) == U'x'))) {
        // Both spellings of a character beyond Latin-1 are refused, as CircleCI does.
        return error(ErrorType::invalid_pattern_character, current_);
      }
      ++current_;
    }
    if (at_end()) return error(ErrorType::unterminated_pattern, start_);
    source += characters_.slice(run, current_++);
    if (length > max_pattern_length) return error(ErrorType::pattern_too_long, start_);
    if (!is_valid_pattern(source)) return error(ErrorType::invalid_pattern, start_);
    return add(TokenType::pattern, Pattern{std::move(source)});
  }

  std::optional<Error> scan_number() {
    while (is_digit(peek())) ++current_;
    const std::string digits = characters_.slice(start_, current_);
    std::int64_t number = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (parsed.ec != std::errc()) return error(ErrorType::invalid_numeric_literal, start_);
    return add(TokenType::number, number);
  }

  std::optional<Error> scan_word() {
    while (is_identifier_tail(peek()) || (peek() == U'.' && is_identifier_tail(peek(1)))) {
      ++current_;
    }
    return add(word_type(characters_.slice(start_, current_)));
  }

  bool at_end() const { return current_ >= characters_.size(); }
  char32_t peek(std::size_t ahead = 0) const { return characters_.at_or_nul(current_ + ahead); }

  bool take(char32_t expected) {
    if (peek() != expected) return false;
    ++current_;
    return true;
  }

  std::optional<Error> add(TokenType type, Value literal = Undefined{}) {
    tokens_.push_back({type, characters_.slice(start_, current_), start_, std::move(literal)});
    return {};
  }

  Error error(ErrorType type, std::size_t at) const {
    return {type, characters_.slice(at, at + 1), at, {}};
  }

  Characters characters_;
  std::size_t start_ = 0;
  std::size_t current_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::string_view name_of(TokenType type) {
  using enum TokenType;
  switch (type) {
    case left_paren:
      return "LEFT_PAREN";
    case right_paren:
      return "RIGHT_PAREN";
    case equal:
      return "EQUAL";
    case not_equal:
      return "NOT_EQUAL";
    case greater:
      return "GREATER";
    case greater_equal:
      return "GREATER_EQUAL";
    case less:
      return "LESS";
    case less_equal:
      return "LESS_EQUAL";
    case negation:
      return "NOT";
    case conjunction:
      return "AND";
    case disjunction:
      return "OR";
    case true_literal:
      return "TRUE";
    case false_literal:
      return "FALSE";
    case number:
      return "NUMBER";
    case string:
      return "STRING";
    case pattern:
      return "PATTERN";
    case identifier:
      return "IDENTIFIER";
    case builtin:
      return "BUILTIN";
    case end:
      return "EOF";
  }
  return {};
}

std::expected<std::vector<Token>, Error> scan(std::string_view text) {
  return Scanner(text).scan();
}

}  // namespace imp::ci::expr
