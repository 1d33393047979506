#include "ci/config/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "ci/config/values.h"

namespace imp::ci::config {

namespace {

constexpr std::array<KnownKey, 4> parameter_keys{
    {{"type"}, {"default"}, {"description"}, {"enum"}}};

struct Declaration {
  std::string type;
  std::vector<std::string> members;  ///< of an enum
};

std::string type_of(const expr::Value& value) {
  if (std::holds_alternative<bool>(value)) return "boolean";
  if (std::holds_alternative<std::int64_t>(value)) return "integer";
  return "string";
}

/// Nothing where YAML has a type that no parameter can have.
std::optional<expr::Value> value_of(const Node& node) {
  if (!node.scalar()) return {};
  if (const bool* boolean = std::get_if<bool>(node.scalar())) return *boolean;
  if (const auto* number = std::get_if<std::int64_t>(node.scalar())) return *number;
  if (const auto* text = std::get_if<std::string>(node.scalar())) return *text;
  return {};
}

bool fits(const Declaration& declared, const expr::Value& value) {
  if (declared.type != "enum") return type_of(value) == declared.type;
  const auto* text = std::get_if<std::string>(&value);
  return text && std::ranges::find(declared.members, *text) != declared.members.end();
}

std::string expectation(const Declaration& declared) {
  if (declared.type != "enum") return fmt::format("the type {}", declared.type);
  return fmt::format("one of {}", comma_list(declared.members));
}

std::optional<Declaration> read_declaration(Report& report, const Place& place) {
  const auto type_place = require(report, place, "A parameter", "type");
  if (!type_place) return {};
  auto type = read_string(report, *type_place);
  if (!type) return {};
  Declaration declared{std::move(*type), {}};
  constexpr std::array<std::string_view, 4> types{"string", "boolean", "integer", "enum"};
  if (std::ranges::find(types, declared.type) == types.end()) {
    report.error(ConfigRefusal::bad_value, *type_place,
                 fmt::format("A pipeline parameter has the type string, boolean, integer or enum, "
                             "not `{}`.",
                             declared.type));
    return {};
  }
  if (declared.type == "enum") {
    const auto members_place = require(report, place, "An enum parameter", "enum");
    if (!members_place) return {};
    auto members = read_string_or_list(report, *members_place);
    if (!members) return {};
    declared.members = std::move(*members);
  }
  return declared;
}

std::optional<expr::Value> read_default(Report& report, const Place& place,
                                        const Declaration& declared) {
  const auto found = require(report, place, "A pipeline parameter", "default");
  if (!found) return {};
  auto value = value_of(*found->node);
  if (value && fits(declared, *value)) return value;
  const std::string actual = value && std::holds_alternative<std::string>(*value)
                                 ? fmt::format("the text \"{}\"", std::get<std::string>(*value))
                                 : describe(*found->node);
  report.error(ConfigRefusal::parameter_mismatch, *found,
               fmt::format("The default must be {}, but it is {}.", expectation(declared), actual));
  return {};
}

}  // namespace

void declare_parameters(Report& report, const Place& root, const Arguments& arguments,
                        expr::Environment& environment) {
  std::vector<std::string> declared_names;
  const auto parameters = find(root, "parameters");
  const bool declares = parameters && !parameters->node->is_null();
  if (declares && !parameters->node->map()) {
    report.error(ConfigRefusal::wrong_type, *parameters,
                 fmt::format("`parameters` is a map of names, but this is {}.",
                             describe(*parameters->node)));
    return;
  }
  for (const Entry& entry : declares ? *parameters->node->map() : Map{}) {
    declared_names.push_back(entry.key);
    const Place place = parameters->at(entry);
    if (!check_map(report, place, "A parameter", parameter_keys)) continue;
    const auto declared = read_declaration(report, place);
    if (!declared) continue;
    auto value = read_default(report, place, *declared);
    if (const auto given = arguments.find(entry.key); given != arguments.end()) {
      if (!fits(*declared, given->second)) {
        report.error(ConfigRefusal::parameter_mismatch, entry.position, place.path,
                     fmt::format("The value given for this pipeline must be {}, but it is the {} "
                                 "\"{}\".",
                                 expectation(*declared), type_of(given->second),
                                 expr::to_text(given->second)));
        continue;
      }
      value = given->second;
    }
    if (value) environment.set("pipeline.parameters." + entry.key, std::move(*value));
  }
  for (const auto& [name, value] : arguments) {
    if (std::ranges::find(declared_names, name) != declared_names.end()) continue;
    report.error(
        ConfigRefusal::undeclared_parameter, declares ? *parameters : root,
        fmt::format("Unexpected argument(s): {}. The file declares {}.", name,
                    declared_names.empty() ? "no parameters" : comma_list(declared_names)));
  }
}

}  // namespace imp::ci::config
