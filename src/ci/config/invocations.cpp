#include "ci/config/invocations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "ci/config/values.h"
#include "ci/config/yaml_reader.h"

namespace imp::ci::config {

namespace {

constexpr std::array<std::string_view, 5> read_keys{"requires", "name", "context", "type",
                                                    "filters"};
constexpr std::array<std::string_view, 5> unsupported_keys{"matrix", "pre-steps", "post-steps",
                                                           "serial-group", "override-with"};

constexpr std::array all_statuses{RequiredStatus::success, RequiredStatus::failed,
                                  RequiredStatus::canceled, RequiredStatus::unauthorized,
                                  RequiredStatus::not_run};

/// Any other key would be an argument of the job, so that none of them is a mere warning.
void check_keys(Report& report, const Place& place) {
  for (const Entry& entry : *place.node->map()) {
    if (std::ranges::find(read_keys, entry.key) != read_keys.end()) continue;
    const std::string path = place.join(entry.key);
    if (std::ranges::find(unsupported_keys, entry.key) != unsupported_keys.end()) {
      report.error(ConfigRefusal::unsupported_key, entry.position, path,
                   fmt::format("`{}` is not supported by this version; supported here are {}.",
                               entry.key, fmt::join(read_keys, ", ")));
    } else {
      report.error(ConfigRefusal::unknown_key, entry.position, path,
                   fmt::format("Unexpected argument(s): {}. Job parameters are not supported by "
                               "this version; supported here are {}.",
                               entry.key, fmt::join(read_keys, ", ")));
    }
  }
}

std::optional<std::vector<RequiredStatus>> read_statuses(Report& report, const Place& place) {
  const auto texts = read_string_or_list(report, place);
  if (!texts) return {};
  std::vector<RequiredStatus> statuses;
  for (const std::string& text : *texts) {
    if (text == "terminal") {
      statuses.assign(all_statuses.begin(), all_statuses.end());
      continue;
    }
    const auto found = std::ranges::find_if(
        all_statuses, [&](RequiredStatus status) { return name_of(status) == text; });
    if (found == all_statuses.end()) {
      report.error(ConfigRefusal::bad_value, place,
                   fmt::format("A required status is success, failed, canceled, unauthorized, "
                               "not_run or terminal, not `{}`.",
                               text));
      return {};
    }
    statuses.push_back(*found);
  }
  if (statuses.empty()) {
    report.error(ConfigRefusal::bad_value, place, "List at least one status.");
    return {};
  }
  std::ranges::sort(statuses);
  const auto repeated = std::ranges::unique(statuses);
  statuses.erase(repeated.begin(), repeated.end());
  return statuses;
}

void read_requirement(Report& report, const Place& place, Invocation& invocation) {
  if (place.node->map()) {
    for (const Entry& entry : *place.node->map()) {
      if (auto statuses = read_statuses(report, place.at(entry))) {
        invocation.requirements.push_back(
            {entry.key, std::move(*statuses), entry.position, place.path});
      }
    }
  } else if (auto name = read_text(report, place)) {
    invocation.requirements.push_back(
        {std::move(*name), {RequiredStatus::success}, place.node->position, place.path});
  }
}

void read_requirements(Report& report, const Place& place, Invocation& invocation) {
  if (is_left_out(report, place)) return;
  const List* list = place.node->list();
  if (!list) {
    report.error(
        ConfigRefusal::wrong_type, place,
        fmt::format("`requires` is a list of jobs, but this is {}.", describe(*place.node)));
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    read_requirement(report, place.at(i), invocation);
  }
}

bool is_approval(Report& report, const Place& options) {
  const auto type_place = find(options, "type");
  if (!type_place) return false;
  const auto type = read_string(report, *type_place);
  if (type && *type != "approval") {
    report.error(ConfigRefusal::bad_value, *type_place,
                 fmt::format("In a workflow `type` can only be approval, not `{}`.", *type));
  }
  return true;
}

void read_options(Report& report, const Place& options, const Subject& subject,
                  Invocation& invocation) {
  if (const auto name = find(options, "name")) {
    invocation.given_name = read_text(report, *name).value_or("");
    if (invocation.given_name.size() > max_key_bytes) {
      report.error(ConfigRefusal::config_too_large, *name,
                   fmt::format("A job's name has at most {} bytes.", max_key_bytes));
      invocation.given_name.clear();
    }
  }
  if (const auto contexts = find(options, "context"); contexts && !is_left_out(report, *contexts)) {
    invocation.contexts =
        read_string_or_list(report, *contexts).value_or(std::vector<std::string>{});
  }
  if (const auto requirements = find(options, "requires")) {
    read_requirements(report, *requirements, invocation);
  }
  const auto filters = find(options, "filters");
  invocation.passes_filters =
      filters ? passes(report, *filters, subject).value_or(false) : passes_without_filters(subject);
}

void refuse_unknown_job(Report& report, const Invocation& invocation,
                        const JobDefinitions& definitions) {
  if (invocation.listed.contains('/')) {
    report.error(ConfigRefusal::unsupported_key, invocation.position, invocation.path,
                 fmt::format("{} is a job of an orb, and orbs are not supported by this version.",
                             invocation.listed));
    return;
  }
  report.error(
      ConfigRefusal::unknown_reference, invocation.position, invocation.path,
      fmt::format("Cannot find a definition for job named {}. The file defines {}.",
                  invocation.listed,
                  definitions.empty() ? "no jobs" : comma_list(std::views::keys(definitions))));
}

}  // namespace

std::optional<Invocation> read_invocation(Report& report, const Place& place,
                                          const JobDefinitions& definitions,
                                          const Subject& subject) {
  Invocation invocation;
  invocation.position = place.node->position;
  invocation.path = place.path;
  invocation.passes_filters = passes_without_filters(subject);
  bool approval = false;
  if (const std::string* name = place.node->string()) {
    invocation.listed = *name;
  } else if (place.node->map() && place.node->map()->size() == 1) {
    const Entry& entry = place.node->map()->front();
    const Place options = place.at(entry);
    invocation.listed = entry.key;
    invocation.position = entry.position;
    invocation.path = options.path;
    if (options.node->map()) {
      check_keys(report, options);
      approval = is_approval(report, options);
      read_options(report, options, subject, invocation);
    } else if (!is_left_out(report, options)) {
      report.error(ConfigRefusal::wrong_type, options,
                   fmt::format("What follows a job's name is a map, but this is {}.",
                               describe(*options.node)));
    }
  } else {
    report.error(ConfigRefusal::wrong_type, place,
                 "An entry of a workflow is a job's name, or one name with its options indented "
                 "below it.");
    return {};
  }

  const auto definition = definitions.find(invocation.listed);
  if (approval) {
    if (!invocation.contexts.empty()) {
      report.warn(ConfigRefusal::bad_value, invocation.position, invocation.path,
                  "An approval runs nothing, so its `context` has no effect.");
      invocation.contexts.clear();
    }
  } else if (definition == definitions.end()) {
    refuse_unknown_job(report, invocation, definitions);
    return {};
  } else {
    invocation.definition = &definition->second;
  }
  return invocation;
}

}  // namespace imp::ci::config
