#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imp::jobtool {

/// One flag that a command knows.
struct Flag {
  std::string_view name;  ///< "--claims"
  bool takes_value = true;
};

/// The command line behind the command's words.
struct Arguments {
  std::vector<std::string> positional;
  std::vector<std::pair<std::string_view, std::string>> flags;  ///< in order; value "" for switches

  bool has(std::string_view flag) const;
  /// The last one given counts; empty when there is none.
  std::string value(std::string_view flag) const;
};

/// Reads `--x=y`, `--x y`, `--switch` and `--switch=true|false`; `--` ends the flags. An unknown
/// flag or a missing value leaves a sentence in `problem`.
std::optional<Arguments> read_arguments(const std::vector<std::string>& words,
                                        const std::vector<Flag>& known, std::string& problem);

}  // namespace imp::jobtool
