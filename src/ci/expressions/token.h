#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ci/expressions/value.h"

namespace imp::ci::expr {

enum class TokenType : std::uint8_t {
  left_paren,
  right_paren,
  equal,
  not_equal,
  greater,
  greater_equal,
  less,
  less_equal,
  negation,
  conjunction,
  disjunction,
  true_literal,
  false_literal,
  number,
  string,
  pattern,
  identifier,
  builtin,  ///< starts-with, contains, matches
  end,
};

/// CircleCI's name of the type, e.g. "GREATER_EQUAL".
std::string_view name_of(TokenType type);

struct Token {
  TokenType type = TokenType::end;
  std::string lexeme;        ///< as written
  std::size_t char_pos = 0;  ///< of its first character
  Value literal;             ///< of a number, string or pattern
};

}  // namespace imp::ci::expr
