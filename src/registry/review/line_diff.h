#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace imp::registry {

/// One line of a difference.
struct DiffLine {
  enum class Kind : std::uint8_t { same, removed, added };
  Kind kind = Kind::same;
  std::uint32_t before = 0;  ///< line number in the old text, from 1; 0 for an added line
  std::uint32_t after = 0;   ///< in the new text; 0 for a removed line
  std::string text;          ///< printable_line() of it
};
/// Lines that follow one another, with the same lines around each change.
using DiffHunk = std::vector<DiffLine>;

/// What remains to be spent; shared by all comparisons of one review.
struct DiffBudget {
  std::uint64_t steps = 20'000'000;  ///< comparisons of two lines
  std::uint64_t lines = 4'000;       ///< lines of difference
};
struct DiffLimits {
  std::size_t file_lines = 400;  ///< lines of one difference
  std::size_t line_bytes = 400;  ///< of a line; the rest is counted
  std::size_t edits = 1'000;     ///< beyond, the texts are told as removed and added as a whole
  std::size_t context = 3;       ///< same lines around a change
};

struct LineDiff {
  std::vector<DiffHunk> hunks;
  bool cut = false;     ///< there are more lines than these
  bool coarse = false;  ///< too different to be compared line by line
};

/// The difference of two texts, line by line (E. W. Myers, "An O(ND) Difference Algorithm", 1986).
/// Time and memory are bounded by the limits and by what is left of the budget, not by the texts.
LineDiff line_diff(std::string_view before, std::string_view after, const DiffLimits& limits,
                   DiffBudget& budget);

/// A line as it can be shown: at most `bytes` of it, bytes that are no UTF-8 and characters that
/// change how others are shown (controls, direction marks, those without width) in angle brackets:
/// "<U+202E>".
std::string printable_line(std::string_view line, std::size_t bytes);

}  // namespace imp::registry
