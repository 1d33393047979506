#pragma once

#include "base/failure.h"

namespace imp::ci {

enum class PipelineRefusal {
  pipeline_not_found,
  workflow_not_found,
  job_not_found,
  repository_elsewhere,   ///< this server does not hold the project's repository
  invalid_trigger,        ///< a run that names no ref, or several
  config_from_elsewhere,  ///< a configuration of another branch would speak for the checkout's
  forks_not_built,        ///< the project does not run pipelines for forks
  not_a_fork,             ///< a project cannot open a pull request against itself
  not_on_hold,            ///< an approval that is not awaited (any more)
  already_ended,          ///< nothing left to cancel
  still_running,          ///< a rerun before the end
  nothing_to_rerun,
  invalid_rerun,  ///< options that exclude each other, or jobs of another workflow
  too_many_reruns,
  too_old_to_rerun,
  ssh_disabled,    ///< the project forbids reruns with SSH
  push_under_way,  ///< others push to the same repository and take long
  job_canceled,    ///< somebody has canceled the job: it speaks for nobody any more
  lease_lost,      ///< the runner no longer holds the job; the code is the protocol's
  invalid_runner_name,
  runner_token_refused,
  runner_token_not_found,
};
Reason reason(PipelineRefusal refusal);

}  // namespace imp::ci
