#include "ci/expressions/pattern.h"

#include <re2/re2.h>

namespace imp::ci::expr {

namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options options() {
  RE2::Options options(RE2::Quiet);
  // Counted repetition makes a 256-character pattern arbitrarily large; this is where it ends.
  options.set_max_mem(256 << 10);
  return options;
}

}  // namespace

bool is_valid_pattern(std::string_view pattern) { return RE2(piece(pattern), options()).ok(); }

bool matches_whole(std::string_view text, std::string_view pattern) {
  const RE2 compiled(piece(pattern), options());
  return compiled.ok() && RE2::FullMatch(piece(text), compiled);
}

}  // namespace imp::ci::expr
