#pragma once

#include <map>
#include <string>

#include "ci/config/report.h"
#include "ci/expressions/environment.h"
#include "ci/expressions/value.h"

namespace imp::ci::config {

/// Arguments of a pipeline by parameter name: booleans, integers and strings.
using Arguments = std::map<std::string, expr::Value, std::less<>>;

/// Reads the top-level `parameters`, checks defaults and arguments against the declared types, and
/// sets `pipeline.parameters.<name>` for each. An argument that the file does not declare is an
/// error. `root` is the whole file.
void declare_parameters(Report& report, const Place& root, const Arguments& arguments,
                        expr::Environment& environment);

}  // namespace imp::ci::config
