#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "ci/expressions/environment.h"
#include "ci/expressions/value.h"

namespace imp::ci::config {

/// What a pipeline knows about itself, by full name: "pipeline.git.branch". A name that is left out
/// or Undefined has no value in this pipeline. Branch and tag exclude each other.
using PipelineValues = std::map<std::string, expr::Value, std::less<>>;

/// Every name that CircleCI documents, sorted. An expression that uses one of them is valid even
/// where the value is unset; any other name is an error. `pipeline.parameters.*` is not among them:
/// those names come from the file.
std::span<const std::string_view> pipeline_value_names();
bool is_pipeline_value(std::string_view name);

/// Every documented name, undefined unless `values` has it, and whatever else `values` has.
expr::Environment environment_of(const PipelineValues& values);

/// Values for validating a file without a pipeline: an API-triggered run of branch `main`.
PipelineValues stand_in_pipeline_values();

}  // namespace imp::ci::config
