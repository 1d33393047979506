#include "ci/deploys/deploy.h"

#include <algorithm>

namespace imp::ci {

Reason reason(DeployRefusal refusal) {
  switch (refusal) {
    case DeployRefusal::missing_target_version:
      return {"missing_target_version", FailureKind::invalid};
    case DeployRefusal::invalid_deploy_field:
      return {"invalid_deploy_field", FailureKind::invalid};
    case DeployRefusal::several_environments:
      return {"several_environments", FailureKind::unprocessable};
    case DeployRefusal::several_components:
      return {"several_components", FailureKind::unprocessable};
    case DeployRefusal::deploy_exists:
      return {"deploy_exists", FailureKind::conflict};
    case DeployRefusal::deploy_not_found:
      return {"deploy_not_found", FailureKind::not_found};
    case DeployRefusal::invalid_status:
      return {"invalid_deploy_status", FailureKind::invalid};
    case DeployRefusal::deploy_finished:
      return {"deploy_finished", FailureKind::conflict};
    case DeployRefusal::environment_not_found:
      return {"environment_not_found", FailureKind::not_found};
    case DeployRefusal::component_not_found:
      return {"component_not_found", FailureKind::not_found};
  }
  return {"internal", FailureKind::internal};
}

std::string_view name(DeployStatus status) {
  switch (status) {
    case DeployStatus::logged:
      return "";
    case DeployStatus::pending:
      return "PENDING";
    case DeployStatus::running:
      return "RUNNING";
    case DeployStatus::success:
      return "SUCCESS";
    case DeployStatus::failed:
      return "FAILED";
    case DeployStatus::canceled:
      return "CANCELED";
  }
  return "";
}

std::optional<DeployStatus> deploy_status(std::string_view text) {
  for (const auto status : {DeployStatus::logged, DeployStatus::pending, DeployStatus::running,
                            DeployStatus::success, DeployStatus::failed, DeployStatus::canceled}) {
    if (text == name(status)) return status;
  }
  return std::nullopt;
}

std::optional<DeployStatus> requested_status(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  const auto status = deploy_status(upper);
  if (status == DeployStatus::logged || status == DeployStatus::pending) return std::nullopt;
  return status;
}

bool is_final(DeployStatus status) {
  return status == DeployStatus::success || status == DeployStatus::failed ||
         status == DeployStatus::canceled;
}

}  // namespace imp::ci
