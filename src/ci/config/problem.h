#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/failure.h"

namespace imp::ci::config {

/// Why a configuration file was refused, or what it is warned about.
enum class ConfigRefusal : std::uint8_t {
  yaml_malformed,        ///< not YAML, or not one document
  config_too_large,      ///< over a limit: bytes, depth, nodes after alias expansion, jobs
  unsupported_version,   ///< `version` is absent or not one this server reads
  unsupported_key,       ///< CircleCI knows the key, this version of the server does not
  unknown_key,           ///< CircleCI does not know it; mostly a warning
  missing_key,           ///< a required key is absent
  wrong_type,            ///< a list where a map is needed, and the like
  bad_value,             ///< right type, value not allowed
  duplicate_name,        ///< two keys, jobs or aliases share a name
  unknown_reference,     ///< a job, executor, context or requirement that does not exist
  dependency_cycle,      ///< jobs that require each other
  bad_template,          ///< a `<< >>` tag or section that does not close or nest
  bad_expression,        ///< an expression that does not parse or evaluate
  undeclared_parameter,  ///< a parameter was referred to or given that the file does not declare
  parameter_mismatch,    ///< a parameter's value is not of its type
};

Reason reason(ConfigRefusal refusal);

struct Problem {
  ConfigRefusal refusal = ConfigRefusal::bad_value;
  std::size_t line = 1;    ///< from 1
  std::size_t column = 1;  ///< from 1, in characters
  std::string path;        ///< e.g. "jobs.publish.steps[2].run"; empty for the whole file
  std::string message;     ///< what is wrong and what is allowed; may hold a marker on more lines

  /// "12:7: jobs.publish.steps[2].run: <message>"
  std::string text() const;
};

using Problems = std::vector<Problem>;

/// All problems as one refusal: the reason of the first, every text on its own line.
Failure failure_of(const Problems& problems);

}  // namespace imp::ci::config
