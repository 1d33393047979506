#include "ci/pipelines/refusal.h"

namespace imp::ci {

Reason reason(PipelineRefusal refusal) {
  switch (refusal) {
    case PipelineRefusal::pipeline_not_found:
      return {"pipeline_not_found", FailureKind::not_found};
    case PipelineRefusal::workflow_not_found:
      return {"workflow_not_found", FailureKind::not_found};
    case PipelineRefusal::job_not_found:
      return {"job_not_found", FailureKind::not_found};
    case PipelineRefusal::repository_elsewhere:
      return {"repository_elsewhere", FailureKind::unprocessable};
    case PipelineRefusal::invalid_trigger:
      return {"invalid_trigger", FailureKind::invalid};
    case PipelineRefusal::config_from_elsewhere:
      return {"config_from_elsewhere", FailureKind::forbidden};
    case PipelineRefusal::forks_not_built:
      return {"forks_not_built", FailureKind::forbidden};
    case PipelineRefusal::not_a_fork:
      return {"not_a_fork", FailureKind::invalid};
    case PipelineRefusal::not_on_hold:
      return {"not_on_hold", FailureKind::conflict};
    case PipelineRefusal::already_ended:
      return {"already_ended", FailureKind::conflict};
    case PipelineRefusal::still_running:
      return {"still_running", FailureKind::conflict};
    case PipelineRefusal::nothing_to_rerun:
      return {"nothing_to_rerun", FailureKind::conflict};
    case PipelineRefusal::invalid_rerun:
      return {"invalid_rerun", FailureKind::invalid};
    case PipelineRefusal::too_many_reruns:
      return {"too_many_reruns", FailureKind::conflict};
    case PipelineRefusal::too_old_to_rerun:
      return {"too_old_to_rerun", FailureKind::conflict};
    case PipelineRefusal::ssh_disabled:
      return {"ssh_disabled", FailureKind::forbidden};
    case PipelineRefusal::push_under_way:
      return {"push_under_way", FailureKind::unavailable};
    case PipelineRefusal::job_canceled:
      return {"job_canceled", FailureKind::conflict};
    case PipelineRefusal::lease_lost:
      return {"lease_lost", FailureKind::conflict};
    case PipelineRefusal::invalid_runner_name:
      return {"invalid_runner_name", FailureKind::invalid};
    case PipelineRefusal::runner_token_refused:
      return {"runner_token_refused", FailureKind::unauthenticated};
    case PipelineRefusal::runner_token_not_found:
      return {"runner_token_not_found", FailureKind::not_found};
  }
  return {"internal", FailureKind::internal};
}

}  // namespace imp::ci
