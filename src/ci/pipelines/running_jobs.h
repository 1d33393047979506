#pragma once

#include <string_view>

#include "ci/pipelines/changes.h"
#include "ci/pipelines/rows.h"
#include "ci/pipelines/runner_tokens.h"
#include "ci/pipelines/services.h"
#include "ci/runner/protocol.h"

namespace imp::ci {

/// What a runner may ask for the job that it holds. A call that is granted renews the lease; a
/// lease that is not the job's current one, or another runner's token, is `lease_lost`. Whether the
/// job may have something and that it gets it are one transaction.
class RunningJobs {
 public:
  explicit RunningJobs(const PipelineServices& services) : services_(services) {}

  Result<runner::HeartbeatReply> heartbeat(const RunnerIdentity& runner, std::string_view job_id,
                                           const runner::HeartbeatRequest& request);
  /// Applies events in order, each once (see ci/runner/protocol.h), and wakes who follows the job.
  /// A job's stored output is limited to 128 MiB; the rest is dropped.
  Result<runner::EventReply> apply(const RunnerIdentity& runner, std::string_view job_id,
                                   const runner::EventBatch& batch);
  /// `circleci run oidc get`. A job that somebody has canceled gets none, even before its runner
  /// has heard of it (`job_canceled`).
  Result<runner::TokenReply> identity_token(const RunnerIdentity& runner, std::string_view job_id,
                                            const runner::TokenRequest& request);
  /// `circleci run release`; refused to a canceled job as well, and to a fork's that is given no
  /// secrets: the timeline is the project's word for what runs where.
  Result<runner::ReleaseReply> release(const RunnerIdentity& runner, std::string_view job_id,
                                       const runner::ReleaseRequest& request);

  /// Ends jobs whose lease is over: `infrastructure_fail`, or `canceled` where that was asked for.
  /// The app calls it every few seconds.
  Result<void> expire_leases();
  /// Starts every lease anew: while the server was away, no runner could renew one. Once, before
  /// the server takes requests.
  Result<void> extend_leases();

  /// Whether this is the checkout credential of a running job that builds the project's code.
  Result<bool> may_read(std::string_view credential, std::string_view project_id) const;

 private:
  /// The job with a renewed lease.
  Result<JobRow> held(db::Session& session, const RunnerIdentity& runner, std::string_view job_id,
                      std::string_view lease) const;

  const PipelineServices& services_;
};

}  // namespace imp::ci
