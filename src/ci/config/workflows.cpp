#include "ci/config/workflows.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "ci/config/conditions.h"
#include "ci/config/filters.h"
#include "ci/config/invocations.h"
#include "ci/config/job_graph.h"
#include "ci/config/values.h"

namespace imp::ci::config {

namespace {

constexpr std::array<KnownKey, 5> workflow_keys{{
    {"jobs"},
    {"when"},
    {"unless"},
    {"max_auto_reruns", unsupported},
    {"triggers", unsupported},
}};

class WorkflowReader {
 public:
  WorkflowReader(Report& report, const JobDefinitions& definitions,
                 const expr::Environment& environment)
      : report_(report),
        definitions_(definitions),
        environment_(environment),
        subject_(subject_of(environment)) {}

  std::vector<Workflow> read(const Place& place) {
    std::vector<Workflow> workflows;
    for (const Entry& entry : *place.node->map()) {
      // `version: 2` stands here in files of the older version; it says nothing in 2.1.
      if (entry.key == "version" && entry.value->scalar()) continue;
      Workflow workflow = read_workflow(entry.key, place.at(entry));
      if (!workflow.jobs.empty()) workflows.push_back(std::move(workflow));
    }
    if (contexts_.size() > max_contexts) {
      report_.error(ConfigRefusal::config_too_large, place,
                    fmt::format("A configuration names at most {} contexts; this one names {}.",
                                max_contexts, contexts_.size()));
    }
    return workflows;
  }

  Workflow implicit_workflow(const JobDefinition& build) {
    Invocation invocation;
    invocation.listed = "build";
    invocation.definition = &build;
    invocation.passes_filters = passes_without_filters(subject_);
    return {"workflow", arrange(report_, {invocation}, budget_)};
  }

 private:
  Workflow read_workflow(const std::string& name, const Place& place) {
    Workflow workflow{name, {}};
    // Refused, because it may be a misspelt `when` or `unless`, and then the workflow would run
    // whenever it should not.
    if (!check_map(report_, place, "A workflow", workflow_keys, UnknownKeys::refuse)) {
      return workflow;
    }
    const auto runs = condition(place);
    const auto jobs = require(report_, place, "A workflow", "jobs");
    if (!jobs) return workflow;
    // Also a workflow that does not run is checked.
    const auto invocations = read_invocations(*jobs);
    if (!invocations) return workflow;
    std::size_t unlimited = max_compiled_bytes;
    auto arranged = arrange(report_, *invocations, runs.value_or(false) ? budget_ : unlimited);
    if (runs.value_or(false)) workflow.jobs = std::move(arranged);
    return workflow;
  }

  std::optional<bool> condition(const Place& place) {
    const auto when = find(place, "when");
    const auto unless = find(place, "unless");
    if (when && unless) {
      report_.error(ConfigRefusal::bad_value, *unless,
                    "A workflow has either `when` or `unless`, not both.");
      return {};
    }
    if (when) return read_condition(report_, *when, environment_);
    if (!unless) return true;
    const auto value = read_condition(report_, *unless, environment_);
    if (!value) return {};
    return !*value;
  }

  std::optional<std::vector<Invocation>> read_invocations(const Place& place) {
    const List* list = place.node->list();
    if (!list) {
      report_.error(
          ConfigRefusal::wrong_type, place,
          fmt::format("`jobs` of a workflow is a list, but this is {}.", describe(*place.node)));
      return {};
    }
    std::vector<Invocation> invocations;
    bool complete = true;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (++invocations_ > max_invocations) {
        report_.error(ConfigRefusal::config_too_large, place,
                      fmt::format("The workflows list more than {} jobs.", max_invocations));
        return {};
      }
      auto invocation = read_invocation(report_, place.at(i), definitions_, subject_);
      complete = complete && invocation.has_value();
      if (!invocation) continue;
      contexts_.insert(invocation->contexts.begin(), invocation->contexts.end());
      invocations.push_back(std::move(*invocation));
    }
    // With a job missing, requirements on it would be errors that are none.
    if (!complete) return {};
    return invocations;
  }

  Report& report_;
  const JobDefinitions& definitions_;
  const expr::Environment& environment_;
  Subject subject_;
  std::set<std::string> contexts_;
  std::size_t invocations_ = 0;
  std::size_t budget_ = max_compiled_bytes;
};

}  // namespace

std::vector<Workflow> read_workflows(Report& report, const Place& root,
                                     const JobDefinitions& definitions,
                                     const expr::Environment& environment) {
  WorkflowReader reader(report, definitions, environment);
  const auto place = find(root, "workflows");
  if (!place || is_left_out(report, *place)) {
    const auto build = definitions.find("build");
    if (build == definitions.end()) {
      report.error(ConfigRefusal::missing_key, root,
                   "The file needs `workflows`, or a job called `build`.");
      return {};
    }
    std::vector<Workflow> workflows{reader.implicit_workflow(build->second)};
    if (workflows.front().jobs.empty()) workflows.clear();
    return workflows;
  }
  if (!place->node->map()) {
    report.error(
        ConfigRefusal::wrong_type, *place,
        fmt::format("`workflows` is a map of names, but this is {}.", describe(*place->node)));
    return {};
  }
  return reader.read(*place);
}

}  // namespace imp::ci::config
