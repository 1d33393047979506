#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ci/config/compiled.h"
#include "ci/config/report.h"
#include "ci/config/values.h"

namespace imp::ci::config {

/// Where a job runs: what an entry of `executors` says, and what a job may say itself.
struct Executor {
  std::vector<DockerImage> docker;
  std::string resource_class;
  std::string shell;
  std::string working_directory;
  EnvironmentVariables environment;
};

using Executors = std::map<std::string, Executor, std::less<>>;

/// The top-level `executors`; empty without one. Every entry is checked, used or not.
Executors read_executors(Report& report, const Place& root);

/// Reads docker, resource_class, shell, working_directory and environment from a job or executor
/// over what `executor` holds: environments merge, everything else is replaced.
void read_executor_keys(Report& report, const Place& place, Executor& executor);

/// The executor that a job names by `executor: name` or `executor: {name: ...}`.
std::optional<Executor> resolve_executor(Report& report, const Place& place,
                                         const Executors& executors);

}  // namespace imp::ci::config
