#include "ci/config/report.h"

#include <utility>

namespace imp::ci::config {

namespace {

/// Nobody reads further, and a hostile file must not make the answer large.
constexpr std::size_t max_problems = 100;

void append(Problems& problems, Problem problem) {
  if (problems.size() < max_problems) problems.push_back(std::move(problem));
}

}  // namespace

void Report::error(ConfigRefusal refusal, const Place& place, std::string message) {
  error(refusal, place.node->position, place.path, std::move(message));
}

void Report::error(ConfigRefusal refusal, Position position, std::string path,
                   std::string message) {
  append(errors_, {refusal, position.line, position.column, std::move(path), std::move(message)});
}

void Report::warn(ConfigRefusal refusal, Position position, std::string path, std::string message) {
  append(warnings_, {refusal, position.line, position.column, std::move(path), std::move(message)});
}

}  // namespace imp::ci::config
