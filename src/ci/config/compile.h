#pragma once

#include <expected>
#include <string_view>

#include "ci/config/compiled.h"
#include "ci/config/parameters.h"
#include "ci/config/pipeline_values.h"
#include "ci/config/problem.h"

namespace imp::ci::config {

/// What a pipeline brings to its configuration.
struct CompileInput {
  PipelineValues pipeline_values;  ///< see pipeline_values.h; what is left out is undefined
  Arguments arguments;             ///< pipeline parameters given with the trigger, by bare name
};

/// Compiles a CircleCI configuration, version 2.1:
///
/// 1. YAML, with anchors and merge keys; at most 1 MiB, and 8 MiB with aliases written out;
/// 2. `parameters`, checked against the arguments;
/// 3. `<< >>` templates in `executors`, `jobs` and `workflows`;
/// 4. executors, jobs and workflows, conditions and filters evaluated, names made unique,
///    requirements resolved.
///
/// Pure: the same text and input give the same result. Keys that CircleCI knows and this version
/// does not are errors; keys that CircleCI does not know are warnings, and at the top level not
/// even that, since files keep their YAML anchors there. Nothing is compiled when there is any
/// error; the problems are then in file order as they were found, never empty.
std::expected<Compiled, Problems> compile(std::string_view yaml, const CompileInput& input);

}  // namespace imp::ci::config
