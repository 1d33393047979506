#include "ci/runner/refusals.h"

#include "ci/runner/protocol.h"

namespace imp::ci::runner {

Reason reason(RunnerRefusal refusal) {
  switch (refusal) {
    case RunnerRefusal::malformed_message:
      return {"malformed_message", FailureKind::invalid};
    case RunnerRefusal::server_unreachable:
      return {"server_unreachable", FailureKind::unavailable};
    case RunnerRefusal::token_refused:
      return {"token_refused", FailureKind::unauthenticated};
    case RunnerRefusal::server_refused:
      return {"server_refused", FailureKind::forbidden};
    case RunnerRefusal::lease_lost:
      return {lease_lost_code, FailureKind::conflict};
    case RunnerRefusal::sandbox_unavailable:
      return {"sandbox_unavailable", FailureKind::unavailable};
    case RunnerRefusal::workspace_failed:
      return {"workspace_failed", FailureKind::internal};
    case RunnerRefusal::process_failed:
      return {"process_failed", FailureKind::internal};
    case RunnerRefusal::checkout_failed:
      return {"checkout_failed", FailureKind::upstream};
    case RunnerRefusal::toolchain_unavailable:
      return {"toolchain_unavailable", FailureKind::upstream};
    case RunnerRefusal::socket_failed:
      return {"socket_failed", FailureKind::internal};
    case RunnerRefusal::bad_options:
      return {"bad_options", FailureKind::invalid};
  }
  return {"internal", FailureKind::internal};
}

}  // namespace imp::ci::runner
