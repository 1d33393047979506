#pragma once

#include <cstddef>
#include <string>
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

/// Collects what is wrong while compilation goes on, so that one run shows several errors.
class Report {
 public:
  void error(ConfigRefusal refusal, const Place& place, std::string message);
  void error(ConfigRefusal refusal, Position position, std::string path, std::string message);
  void warn(ConfigRefusal refusal, Position position, std::string path, std::string message);

  bool failed() const { return !errors_.empty(); }
  const Problems& errors() const { return errors_; }
  Problems take_errors() { return std::move(errors_); }
  Problems take_warnings() { return std::move(warnings_); }

 private:
  Problems errors_;
  Problems warnings_;
};

}  // namespace imp::ci::config
