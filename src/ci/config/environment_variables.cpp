#include "ci/config/environment_variables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "ci/config/values.h"

namespace imp::ci::config {

namespace {

constexpr std::size_t max_variables = 1000;  ///< in one `environment`

/// [A-Za-z_][A-Za-z0-9_]*
bool is_variable_name(std::string_view name) {
  const auto is_tail = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name.front())) &&
         std::ranges::all_of(name, is_tail);
}

void read_map(Report& report, const Place& place, EnvironmentVariables& variables) {
  for (const Entry& entry : *place.node->map()) {
    const Place value = place.at(entry);
    if (variables.size() >= max_variables) {
      return report.error(
          ConfigRefusal::config_too_large, entry.position, value.path,
          fmt::format("One `environment` has at most {} variables.", max_variables));
    }
    if (!is_variable_name(entry.key)) {
      report.error(ConfigRefusal::bad_value, entry.position, value.path,
                   fmt::format("`{}` is not a variable name; use letters, digits and _, and no "
                               "digit first.",
                               entry.key));
      continue;
    }
    const Scalar* scalar = value.node->scalar();
    if (!scalar) {
      report.error(
          ConfigRefusal::wrong_type, value,
          fmt::format("The value of a variable is text, but this is {}.", describe(*value.node)));
      continue;
    }
    std::string text = to_text(*scalar);
    const bool number =
        std::holds_alternative<std::int64_t>(*scalar) || std::holds_alternative<double>(*scalar);
    if (number && !value.node->templated && text != value.node->written) {
      report.warn(ConfigRefusal::bad_value, value.node->position, value.path,
                  fmt::format("YAML reads {} as the number {}; quote it to keep it as written.",
                              value.node->written, text));
    }
    if (text.size() > max_text_bytes) {
      report.error(ConfigRefusal::config_too_large, value,
                   fmt::format("The value of a variable has at most {} bytes.", max_text_bytes));
      continue;
    }
    override_environment(variables, {{entry.key, std::move(text)}});
  }
}

}  // namespace

EnvironmentVariables read_environment(Report& report, const Place& place) {
  EnvironmentVariables variables;
  if (place.node->map()) {
    read_map(report, place, variables);
  } else if (const List* list = place.node->list()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Place item = place.at(i);
      if (item.node->map()) {
        read_map(report, item, variables);
      } else {
        report.error(ConfigRefusal::wrong_type, item,
                     fmt::format("Expected a map such as `NAME: value`, but this is {}.",
                                 describe(*item.node)));
      }
    }
  } else if (!place.node->is_null()) {
    report.error(
        ConfigRefusal::wrong_type, place,
        fmt::format("`environment` is a map of variables, or a list of such maps, but this "
                    "is {}.",
                    describe(*place.node)));
  }
  return variables;
}

void override_environment(EnvironmentVariables& base, const EnvironmentVariables& over) {
  for (const auto& [name, value] : over) {
    const auto found = std::ranges::find(base, name, &EnvironmentVariables::value_type::first);
    if (found == base.end()) {
      base.emplace_back(name, value);
    } else {
      found->second = value;
    }
  }
}

}  // namespace imp::ci::config
