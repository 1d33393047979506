#include "ci/config/report.h"

#include <fmt/format.h>

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

bool Report::use_patterns(const Place& place, std::size_t count) {
  const bool was_over = patterns_ > max_patterns;
  patterns_ += count;
  if (patterns_ <= max_patterns) return true;
  if (!was_over) {
    error(ConfigRefusal::config_too_large, place,
          fmt::format("The file has more than {} regular expressions.", max_patterns));
  }
  return false;
}

std::size_t patterns_at_most(std::string_view expression) {
  return static_cast<std::size_t>(std::ranges::count(expression, '/')) / 2;
}

}  // namespace imp::ci::config
