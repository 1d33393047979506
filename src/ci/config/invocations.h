#pragma once

#include <optional>

#include "ci/config/filters.h"
#include "ci/config/job_graph.h"
#include "ci/config/jobs.h"
#include "ci/config/report.h"

namespace imp::ci::config {

/// Reads one entry of a workflow's `jobs` list: `- job`, or `- job: {requires, context, ...}`.
std::optional<Invocation> read_invocation(Report& report, const Place& place,
                                          const JobDefinitions& definitions,
                                          const Subject& subject);

}  // namespace imp::ci::config
