#pragma once

#include <vector>

#include "ci/config/compiled.h"
#include "ci/config/report.h"

namespace imp::ci::config {

/// Reads a job's `steps`: `checkout` (bare, or with `path`) and `run` (text, or a map).
std::vector<Step> read_steps(Report& report, const Place& place);

}  // namespace imp::ci::config
