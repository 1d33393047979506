#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "ci/config/compiled.h"
#include "ci/config/executors.h"
#include "ci/config/report.h"

namespace imp::ci::config {

struct JobDefinition {
  Job job;                 ///< without name, contexts and requirements, which an invocation adds
  std::size_t weight = 0;  ///< Node::weight, to bound what many invocations come to
};

using JobDefinitions = std::map<std::string, JobDefinition, std::less<>>;

/// The top-level `jobs`. Every definition is checked, used or not, so that a file is valid on all
/// branches or on none.
JobDefinitions read_jobs(Report& report, const Place& root, const Executors& executors);

}  // namespace imp::ci::config
