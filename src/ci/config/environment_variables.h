#pragma once

#include "ci/config/compiled.h"
#include "ci/config/report.h"

namespace imp::ci::config {

/// Reads `environment`: a map, or a list of maps. Numbers and booleans become their text, null the
/// empty text; where that differs from what was written (3.10 is the number 3.1) there is a
/// warning.
EnvironmentVariables read_environment(Report& report, const Place& place);

/// Adds every variable of `over` to `base`, replacing those of the same name.
void override_environment(EnvironmentVariables& base, const EnvironmentVariables& over);

}  // namespace imp::ci::config
