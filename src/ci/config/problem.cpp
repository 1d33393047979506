#include "ci/config/problem.h"

#include <fmt/format.h>

namespace imp::ci::config {

Reason reason(ConfigRefusal refusal) {
  using enum ConfigRefusal;
  switch (refusal) {
    case yaml_malformed:
      return {"config_yaml_malformed", FailureKind::invalid};
    case config_too_large:
      return {"config_too_large", FailureKind::too_large};
    case unsupported_version:
      return {"config_unsupported_version", FailureKind::invalid};
    case unsupported_key:
      return {"config_unsupported_key", FailureKind::invalid};
    case unknown_key:
      return {"config_unknown_key", FailureKind::invalid};
    case missing_key:
      return {"config_missing_key", FailureKind::invalid};
    case wrong_type:
      return {"config_wrong_type", FailureKind::invalid};
    case bad_value:
      return {"config_bad_value", FailureKind::invalid};
    case duplicate_name:
      return {"config_duplicate_name", FailureKind::invalid};
    case unknown_reference:
      return {"config_unknown_reference", FailureKind::invalid};
    case dependency_cycle:
      return {"config_dependency_cycle", FailureKind::invalid};
    case bad_template:
      return {"config_bad_template", FailureKind::invalid};
    case bad_expression:
      return {"config_bad_expression", FailureKind::invalid};
    case undeclared_parameter:
      return {"config_undeclared_parameter", FailureKind::invalid};
    case parameter_mismatch:
      return {"config_parameter_mismatch", FailureKind::invalid};
  }
  return {"config_bad_value", FailureKind::invalid};
}

std::string Problem::text() const {
  if (path.empty()) return fmt::format("{}:{}: {}", line, column, message);
  return fmt::format("{}:{}: {}: {}", line, column, path, message);
}

Failure failure_of(const Problems& problems) {
  Failure failure{
      reason(problems.empty() ? ConfigRefusal::bad_value : problems.front().refusal), {}, {}};
  for (const Problem& problem : problems) {
    if (!failure.message.empty()) failure.message += '\n';
    failure.message += problem.text();
  }
  return failure;
}

}  // namespace imp::ci::config
