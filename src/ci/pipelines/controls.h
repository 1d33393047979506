#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "ci/pipelines/pipeline.h"
#include "ci/pipelines/services.h"

namespace imp::ci {

struct RerunRequest {
  bool from_failed = false;
  std::vector<std::string> jobs = {};  ///< ids of jobs of the workflow; excludes from_failed
  bool enable_ssh = false;             ///< for `jobs`, which must not be empty then
};

/// What people do to workflows. Authorisation (membership in the project's organisation) is the
/// caller's; everything is audited.
class WorkflowControls {
 public:
  explicit WorkflowControls(const PipelineServices& services) : services_(services) {}

  /// Gives the approval with this id; the jobs behind it use contexts as `by`.
  Result<void> approve(std::string_view workflow_id, std::string_view approval_id,
                       const accounts::Actor& by);
  /// Running jobs end when their runner hears of it.
  Result<void> cancel(std::string_view workflow_id, const accounts::Actor& by);
  Result<void> cancel_job(std::string_view job_id, const accounts::Actor& by);
  /// Makes a new workflow of an ended one. Jobs that do not run again keep their result. Jobs that
  /// once ran with SSH stay marked so in every later rerun. At most 100 reruns of a workflow,
  /// within 90 days.
  Result<Workflow> rerun(std::string_view workflow_id, const RerunRequest& request,
                         const accounts::Actor& by);
  /// Cancels workflows that have been open for 90 days.
  Result<void> cancel_stale();

 private:
  void cancel(db::Session& session, const Workflow& workflow, const accounts::Actor& by,
              class Changes& changes) const;

  const PipelineServices& services_;
};

}  // namespace imp::ci
