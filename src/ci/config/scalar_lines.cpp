#include "ci/config/scalar_lines.h"

namespace imp::ci::config {

std::vector<ScalarLine> scalar_lines(std::string_view text) {
  std::vector<ScalarLine> lines;
  while (true) {
    const std::size_t end = text.find_first_of("\r\n");
    if (end == std::string_view::npos) {
      lines.push_back({text, false});
      return lines;
    }
    lines.push_back({text.substr(0, end), true});
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

std::string fold(std::size_t blanks) {
  return blanks == 0 ? std::string(" ") : std::string(blanks, '\n');
}

bool is_white(char c) { return c == ' ' || c == '\t'; }

std::string_view without_leading_white(std::string_view line) {
  while (!line.empty() && is_white(line.front())) line.remove_prefix(1);
  return line;
}

std::string_view without_trailing_white(std::string_view line) {
  while (!line.empty() && is_white(line.back())) line.remove_suffix(1);
  return line;
}

}  // namespace imp::ci::config
