#pragma once

#include <vector>

#include "ci/config/compiled.h"
#include "ci/config/jobs.h"
#include "ci/config/report.h"
#include "ci/expressions/environment.h"

namespace imp::ci::config {

inline constexpr std::size_t max_invocations = 1000;         ///< jobs of all workflows together
inline constexpr std::size_t max_contexts = 100;             ///< distinct ones in a file
inline constexpr std::size_t max_compiled_bytes = 32 << 20;  ///< definitions times invocations

/// Reads `workflows`, and evaluates their conditions and filters. Without the key, a job called
/// `build` is a workflow of its own.
std::vector<Workflow> read_workflows(Report& report, const Place& root,
                                     const JobDefinitions& definitions,
                                     const expr::Environment& environment);

}  // namespace imp::ci::config
