#include "ci/config/jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <utility>

#include "ci/config/steps.h"
#include "ci/config/values.h"

namespace imp::ci::config {

namespace {

constexpr std::array<KnownKey, 18> job_keys{{
    {"docker"},
    {"executor"},
    {"steps"},
    {"shell"},
    {"working_directory"},
    {"environment"},
    {"resource_class"},
    {"description"},
    {"type"},
    {"machine", unsupported},
    {"macos", unsupported},
    {"parallelism", unsupported},
    {"parameters", unsupported},
    {"branches", unsupported},
    {"retention", unsupported},
    {"circleci_ip_ranges", unsupported},
    {"plan_name", unsupported},
    {"key", unsupported},
}};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// ^[A-Za-z][A-Za-z\s\d_-]*$
bool is_job_name(std::string_view name) {
  const auto is_tail = [](unsigned char c) {
    return std::isalnum(c) || std::isspace(c) || c == '_' || c == '-';
  };
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) &&
         std::ranges::all_of(name, is_tail);
}

bool is_build(Report& report, const Place& place) {
  const auto type_place = find(place, "type");
  if (!type_place) return true;
  const auto type = read_string(report, *type_place);
  if (!type || *type == "build") return true;
  constexpr std::array<std::string_view, 5> known{"approval", "no-op", "release", "lock", "unlock"};
  if (std::ranges::find(known, *type) == known.end()) {
    report.error(ConfigRefusal::bad_value, *type_place,
                 fmt::format("A job's `type` is build, not `{}`.", *type));
  } else {
    report.error(ConfigRefusal::unsupported_key, *type_place,
                 fmt::format("Jobs of type {} are not supported by this version{}", *type,
                             *type == "approval"
                                 ? "; an approval is written in the workflow: `- hold: {type: "
                                   "approval}`."
                                 : "; supported is build."));
  }
  return false;
}

Executor read_job_executor(Report& report, const Place& place, const Executors& executors) {
  Executor executor;
  const auto named = find(place, "executor");
  const bool docker = place.node->find("docker");
  const bool other_kind = place.node->find("machine") || place.node->find("macos");
  if (named && docker) {
    report.error(ConfigRefusal::bad_value, *named,
                 "A job has either `docker` or `executor`, not both.");
  } else if (named) {
    executor = resolve_executor(report, *named, executors).value_or(Executor{});
  } else if (!docker && !other_kind) {
    report.error(ConfigRefusal::missing_key, place, "A job needs `docker` or `executor`.");
  }
  read_executor_keys(report, place, executor);
  return executor;
}

Job read_job(Report& report, const Place& place, const Executors& executors) {
  Job job;
  if (!check_map(report, place, "A job", job_keys) || !is_build(report, place)) return job;
  Executor executor = read_job_executor(report, place, executors);
  job.docker = std::move(executor.docker);
  job.resource_class = std::move(executor.resource_class);
  job.shell = std::move(executor.shell);
  job.working_directory = std::move(executor.working_directory);
  if (job.working_directory.empty()) job.working_directory = "~/project";
  job.environment = std::move(executor.environment);
  if (const auto steps = require(report, place, "A job", "steps")) {
    job.steps = read_steps(report, *steps);
  }
  return job;
}

}  // namespace

JobDefinitions read_jobs(Report& report, const Place& root, const Executors& executors) {
  JobDefinitions definitions;
  const auto place = find(root, "jobs");
  if (!place || place->node->is_null()) return definitions;
  if (!place->node->map()) {
    report.error(ConfigRefusal::wrong_type, *place,
                 fmt::format("`jobs` is a map of names, but this is {}.", describe(*place->node)));
    return definitions;
  }
  std::set<std::string> names;
  for (const Entry& entry : *place->node->map()) {
    const Place definition = place->at(entry);
    if (!is_job_name(entry.key)) {
      report.error(ConfigRefusal::bad_value, entry.position, definition.path,
                   "A job's name starts with a letter and goes on with letters, digits, spaces, _ "
                   "and -.");
    } else if (!names.insert(lower(entry.key)).second) {
      report.error(
          ConfigRefusal::duplicate_name, entry.position, definition.path,
          fmt::format("Another job has the name `{}` but for upper and lower case.", entry.key));
    }
    Job job = read_job(report, definition, executors);
    job.definition = entry.key;
    definitions.insert_or_assign(entry.key, JobDefinition{std::move(job), definition.node->weight});
  }
  return definitions;
}

}  // namespace imp::ci::config
