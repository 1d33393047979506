#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ci/config/compiled.h"
#include "ci/config/jobs.h"
#include "ci/config/report.h"

namespace imp::ci::config {

/// One entry of a `requires` list, its name not yet looked up.
struct RequirementEntry {
  std::string name;
  std::vector<RequiredStatus> statuses;
  Position position;
  std::string path;
};

/// One entry of a workflow's `jobs` list.
struct Invocation {
  std::string listed;                         ///< the job, or the free name of an approval
  std::string given_name;                     ///< its `name`, empty without
  const JobDefinition* definition = nullptr;  ///< null for an approval
  std::vector<std::string> contexts;
  std::vector<RequirementEntry> requirements;
  bool passes_filters = true;
  Position position;
  std::string path;
};

/// Turns invocations into jobs:
/// - names are unique; a job listed several times without a name becomes job-1, job-2, ...;
/// - a requirement is a job's name, or the listed name where exactly one other job has it;
/// - cycles are errors, also among jobs that are filtered out;
/// - a filtered-out job is dropped and requirements on it are ignored, but a job that has lost all
///   its requirements that way is dropped too.
/// `budget` is how many bytes of definitions may still be copied. Errors are reported; then the
/// result is empty.
std::vector<Job> arrange(Report& report, const std::vector<Invocation>& invocations,
                         std::size_t& budget);

}  // namespace imp::ci::config
