#include <algorithm>
#include <vector>

#include "ci/config/scalar_lines.h"
#include "ci/config/scalar_text.h"

namespace imp::ci::config {

namespace {

bool is_blank(std::string_view line) { return std::ranges::all_of(line, is_white); }

struct BlockHeader {
  std::size_t indentation = 0;  ///< 0: as the first line is indented
  char chomping = '\0';         ///< '-' strips, '+' keeps
};

/// `|`, `>` with up to one digit and one of + and -, and perhaps a comment, until the line's end.
std::optional<BlockHeader> parse_header(std::string_view text) {
  BlockHeader header;
  text.remove_prefix(1);
  for (int i = 0; i < 2 && !text.empty(); ++i) {
    const char c = text.front();
    if ((c == '+' || c == '-') && header.chomping == '\0') {
      header.chomping = c;
    } else if (c >= '1' && c <= '9' && header.indentation == 0) {
      header.indentation = static_cast<std::size_t>(c - '0');
    } else {
      break;
    }
    text.remove_prefix(1);
  }
  const std::string_view rest = without_leading_white(text);
  const bool comment = rest.starts_with('#') && rest.size() < text.size();
  if (!rest.empty() && !comment) return {};
  return header;
}

std::optional<BlockHeader> find_header(std::string_view before, char indicator) {
  while (!before.empty() && (before.back() == '\n' || before.back() == '\r')) {
    before.remove_suffix(1);
  }
  std::string_view line = before.substr(before.find_last_of("\r\n") + 1);
  for (std::size_t at = line.find(indicator); at != line.npos; at = line.find(indicator, at + 1)) {
    if (auto header = parse_header(line.substr(at))) return header;
  }
  return {};
}

std::size_t indentation_of(std::string_view line) {
  const std::size_t first = line.find_first_not_of(' ');
  return first == line.npos ? line.size() : first;
}

/// The content lines without their indentation; empty for blank ones. The last may be an unended
/// rest, which the indentation of what follows the scalar leaves behind.
std::optional<std::vector<ScalarLine>> content_lines(std::string_view raw, std::size_t indentation,
                                                     std::size_t minimum) {
  std::vector<ScalarLine> lines = scalar_lines(raw);
  if (is_blank(lines.back().text)) lines.pop_back();
  if (indentation == 0) {
    const auto first =
        std::ranges::find_if_not(lines, [](const ScalarLine& line) { return is_blank(line.text); });
    indentation = first == lines.end() ? minimum : indentation_of(first->text);
  }
  if (indentation < minimum) return {};
  for (ScalarLine& line : lines) {
    const std::size_t spaces = indentation_of(line.text);
    if (spaces < indentation && spaces < line.text.size()) return {};
    line.text.remove_prefix(std::min(indentation, line.text.size()));
  }
  return lines;
}

}  // namespace

std::optional<std::string> block_text(std::string_view raw, std::string_view before,
                                      BlockStyle style, std::size_t minimum) {
  const bool folded = style == BlockStyle::folded;
  const auto header = find_header(before, folded ? '>' : '|');
  if (!header) return {};
  // An indicator counts from the indentation of what the scalar belongs to, one less than
  // `minimum`.
  const std::size_t indentation =
      header->indentation == 0 ? 0 : std::max<std::size_t>(minimum, 1) - 1 + header->indentation;
  const auto lines = content_lines(raw, indentation, minimum);
  if (!lines) return {};

  std::string text;
  std::size_t breaks = 0;      // since the last line that is not empty
  bool spaced_before = false;  // that line starts with white space, which is not folded
  bool first = true;
  for (const ScalarLine& line : *lines) {
    if (!line.text.empty()) {
      const bool spaced = is_white(line.text.front());
      const bool folds = folded && !first && !spaced && !spaced_before;
      text += folds ? fold(breaks - 1) : std::string(breaks, '\n');
      text += line.text;
      breaks = 0;
      spaced_before = spaced;
      first = false;
    }
    if (line.ended) ++breaks;
  }
  if (header->chomping == '+') return text + std::string(breaks, '\n');
  if (header->chomping == '-' || first || breaks == 0) return text;
  return text + '\n';
}

}  // namespace imp::ci::config
