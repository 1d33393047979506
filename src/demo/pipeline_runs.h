#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "demo/api.h"

namespace imp::demo {

struct JobRun {
  std::string id, name, status;
  std::string reason;  ///< why it was withheld or ended; empty when there is none
  std::int64_t number = 0;
  std::string workflow_id;
};

/// Watches pipelines through the API v2, as their owner.
class PipelineRuns {
 public:
  PipelineRuns(Api& api, Narrator& say, const Person& by) : api_(api), say_(say), by_(by) {}

  /// The first workflow of the newest pipeline for this revision.
  Outcome<std::string> workflow_of(const std::string& slug, const std::string& revision);
  /// The first workflow of a pipeline.
  Outcome<std::string> workflow_of_pipeline(const std::string& pipeline_id);
  /// Waits until every job of the workflow has ended; tells how each did.
  Outcome<std::vector<JobRun>> finish(const std::string& slug, const std::string& workflow_id,
                                      std::chrono::seconds at_most = std::chrono::minutes(4));
  /// Both at once, for a workflow with one job.
  Outcome<JobRun> only_job_of(const std::string& slug, const std::string& revision);
  /// What the steps whose name begins with `step` printed; empty: all steps.
  Outcome<std::string> output(const std::string& slug, std::int64_t job_number,
                              std::string_view step = {});

 private:
  Outcome<std::vector<JobRun>> jobs_of(const std::string& workflow_id);
  Outcome<void> tell(const std::string& slug, const JobRun& job);

  Api& api_;
  Narrator& say_;
  const Person& by_;
};

/// A job that ended as it should, told as a surprise with its reason otherwise.
Outcome<void> expect_status(const JobRun& job, std::string_view status);
/// A text that something printed or answered must hold.
Outcome<void> expect_text(std::string_view text, std::string_view part, std::string_view where);

}  // namespace imp::demo
