#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "ci/config/node.h"
#include "ci/config/problem.h"

namespace imp::ci::config {

/// A node and the way to it, for messages: "jobs.publish.steps[2].run".
struct Place {
  NodePtr node;
  std::string path;

  Place at(const Entry& entry) const { return {entry.value, join(entry.key)}; }
  Place at(std::size_t index) const {
    return {(*node->list())[index], path + "[" + std::to_string(index) + "]"};
  }
  std::string join(const std::string& key) const { return path.empty() ? key : path + "." + key; }
};

/// Regular expressions in a file. Each costs a millisecond or so to compile, whatever it matches.
inline constexpr std::size_t max_patterns = 1000;

/// Collects what is wrong while compilation goes on, so that one run shows several errors.
class Report {
 public:
  void error(ConfigRefusal refusal, const Place& place, std::string message);
  void error(ConfigRefusal refusal, Position position, std::string path, std::string message);
  void warn(ConfigRefusal refusal, Position position, std::string path, std::string message);

  /// Counts patterns that are about to be compiled. False, with one error, when the file has more
  /// than it may have; then nothing more is to be compiled.
  bool use_patterns(const Place& place, std::size_t count);
  std::size_t patterns_left() const { return max_patterns - std::min(patterns_, max_patterns); }

  bool failed() const { return !errors_.empty(); }
  const Problems& errors() const { return errors_; }
  Problems take_errors() { return std::move(errors_); }
  Problems take_warnings() { return std::move(warnings_); }

 private:
  Problems errors_;
  Problems warnings_;
  std::size_t patterns_ = 0;
};

/// No expression holds more patterns than this: each has two slashes.
std::size_t patterns_at_most(std::string_view expression);

}  // namespace imp::ci::config
