#include "ci/config/filters.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "ci/config/conditions.h"
#include "ci/config/values.h"

namespace imp::ci::config {

namespace {

constexpr std::array<KnownKey, 2> filter_keys{{{"branches"}, {"tags"}}};
constexpr std::array<KnownKey, 2> rule_keys{{{"only"}, {"ignore"}}};

bool is_pattern(std::string_view text) {
  return text.size() >= 2 && text.front() == '/' && text.back() == '/';
}

RE2::Options pattern_options() {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(256 << 10);
  return options;
}

/// Every entry is compiled, also behind a match, so that a bad one is found on any branch.
std::optional<bool> matches_any(Report& report, const Place& place, const std::string& name) {
  const auto texts = read_string_or_list(report, place);
  if (!texts) return {};
  bool matches = false;
  bool valid = true;
  for (std::size_t i = 0; i < texts->size(); ++i) {
    const std::string& text = (*texts)[i];
    if (!is_pattern(text)) {
      matches = matches || text == name;
      continue;
    }
    if (!report.use_patterns(place, 1)) return {};
    const RE2 pattern(text.substr(1, text.size() - 2), pattern_options());
    if (!pattern.ok()) {
      report.error(ConfigRefusal::bad_value, place.node->list() ? place.at(i) : place,
                   fmt::format("{} is not a regular expression that RE2 accepts: {}.", text,
                               pattern.error()));
      valid = false;
    }
    matches = matches || RE2::FullMatch(name, pattern);
  }
  if (!valid) return {};
  return matches;
}

/// `only` and `ignore` of branches or tags, for a name; nothing when a rule is invalid.
std::optional<bool> admits(Report& report, const Place& rules, const std::string& name) {
  if (is_left_out(report, rules)) return true;
  if (!check_map(report, rules, "A branch or tag filter", rule_keys, UnknownKeys::refuse)) {
    return {};
  }
  const auto only = find(rules, "only");
  const auto ignore = find(rules, "ignore");
  const auto wanted = only ? matches_any(report, *only, name) : std::optional(true);
  const auto ignored = ignore ? matches_any(report, *ignore, name) : std::optional(false);
  if (!wanted || !ignored) return {};
  return only ? *wanted : !*ignored;
}

}  // namespace

Subject subject_of(const expr::Environment& environment) {
  const auto text = [&](std::string_view name) {
    const expr::Value* value = environment.find(name);
    return value ? expr::to_text(*value) : std::string();
  };
  return {environment, text("pipeline.git.branch"), text("pipeline.git.tag")};
}

bool passes_without_filters(const Subject& subject) { return subject.tag.empty(); }

std::optional<bool> passes(Report& report, const Place& filters, const Subject& subject) {
  if (const std::string* text = filters.node->string()) {
    return evaluate_condition(report, filters, *text, subject.environment);
  }
  if (filters.node->is_null()) {
    // An expression in a tag that came to undefined is falsy; it is not a filter that is missing.
    return !filters.node->templated && passes_without_filters(subject);
  }
  if (const Scalar* scalar = filters.node->scalar()) {
    // `filters: << expression >>` has come to its value already.
    if (const bool* value = std::get_if<bool>(scalar)) return *value;
    report.error(
        ConfigRefusal::wrong_type, filters,
        fmt::format("`filters` is an expression or a map of branches and tags, but this is "
                    "{}.",
                    describe(*filters.node)));
    return {};
  }
  if (!check_map(report, filters, "`filters`", filter_keys, UnknownKeys::refuse)) return {};
  const auto branches = find(filters, "branches");
  const auto tags = find(filters, "tags");
  // Both are checked whatever the pipeline is for.
  const auto branch_admitted =
      branches ? admits(report, *branches, subject.branch) : std::optional(true);
  const auto tag_admitted = tags ? admits(report, *tags, subject.tag) : std::optional(false);
  if (!branch_admitted || !tag_admitted) return {};
  return subject.tag.empty() ? *branch_admitted : *tag_admitted;
}

}  // namespace imp::ci::config
