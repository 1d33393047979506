#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "ci/config/problem.h"

namespace imp::ci::config {

/// What a configuration file comes to once parameters, templates, executors and filters are
/// resolved: plain values, in file order. The engine, the runner and the API read this and never
/// the YAML.

/// Names are unique; a later entry of the file replaced an earlier one. Values are literal: `$X` is
/// not expanded.
using EnvironmentVariables = std::vector<std::pair<std::string, std::string>>;

struct DockerImage {
  std::string image;                 ///< as written, e.g. "cimg/node:22.14"
  EnvironmentVariables environment;  ///< for the container's own process, not for steps
};

/// The outcomes of a required job that let the dependent one start.
enum class RequiredStatus : std::uint8_t { success, failed, canceled, unauthorized, not_run };

struct Requirement {
  std::string job;                       ///< Job::name of another job of the same workflow
  std::vector<RequiredStatus> statuses;  ///< at least one, in enum order, no duplicates
};

struct CheckoutStep {
  std::string path;  ///< empty: the job's working directory
};

/// Bounds of what is compiled, within what a runner takes (ci/runner/protocol.h). What is longer is
/// refused with its position: later there would be none to tell.
inline constexpr std::size_t max_text_bytes = 1 << 20;     ///< a command, the value of a variable
inline constexpr std::size_t max_short_text_bytes = 4096;  ///< a path, a shell, an image, a name
inline constexpr std::size_t max_steps = 10'000;           ///< of a job

enum class RunWhen : std::uint8_t { on_success, always, on_fail };

struct RunStep {
  std::string name;     ///< never empty: the command, or its beginning, when the file names none
  std::string command;  ///< never blank
  std::string shell;    ///< empty: the job's
  std::string working_directory;  ///< empty: the job's; relative paths are below the job's
  EnvironmentVariables environment;
  Milliseconds no_output_timeout = std::chrono::minutes(10);
  RunWhen when = RunWhen::on_success;
  bool background = false;
};

using Step = std::variant<CheckoutStep, RunStep>;

enum class JobType : std::uint8_t { build, approval };

struct Job {
  std::string name;        ///< unique in its workflow; what CIRCLE_JOB, requires and pages show
  std::string definition;  ///< the key under `jobs:`; for an approval, the name it is listed by
  JobType type = JobType::build;
  std::vector<std::string> contexts;      ///< names in list order: a later one overrides
  std::vector<Requirement> requirements;  ///< only on jobs that run in this pipeline

  // What follows is empty for an approval.
  std::vector<DockerImage> docker;   ///< one entry, the primary container
  std::string resource_class;        ///< empty: the installation's default
  std::string shell;                 ///< empty: `/bin/bash -eo pipefail`, or sh without bash
  std::string working_directory;     ///< `~/project` when the file says nothing
  EnvironmentVariables environment;  ///< the executor's, overridden by the job's
  std::vector<Step> steps;           ///< at least one
};

struct Workflow {
  std::string name;
  std::vector<Job> jobs;  ///< at least one; every requirement names a job of this list
};

/// Workflows whose condition is false, and those whose jobs were all filtered out, are absent; a
/// pipeline in which nothing runs has none.
struct Compiled {
  std::vector<Workflow> workflows;
  Problems warnings;
};

std::string_view name_of(RequiredStatus status);  ///< "success", "failed", ...
std::string_view name_of(RunWhen when);           ///< "on_success", ...
std::string_view name_of(JobType type);           ///< "build", "approval"

/// The compiled pipeline as expanded YAML in the `version: 2` form, the same bytes for the same
/// value: for `imprimatur config process` and GET /api/v2/pipeline/{id}/config. Scalars that YAML
/// could read as anything but a string are quoted.
std::string expanded_yaml(const Compiled& compiled);

}  // namespace imp::ci::config
