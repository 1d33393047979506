#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace imp::ci::config {

/// The lines of a YAML scalar; internal to scalar_text.h.

struct ScalarLine {
  std::string_view text;
  bool ended = false;  ///< by a line break, and not by the end of the scalar
};

/// LF, CR LF and CR end a line. There is always a last line that is not ended, perhaps empty.
std::vector<ScalarLine> scalar_lines(std::string_view text);

/// What separates two lines of folded text with `blanks` empty lines between them.
std::string fold(std::size_t blanks);

bool is_white(char c);  ///< a space or a tab
std::string_view without_leading_white(std::string_view line);
std::string_view without_trailing_white(std::string_view line);

}  // namespace imp::ci::config
