#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ci/config/pipeline_values.h"
#include "ci/pipelines/pipeline.h"
#include "ci/pipelines/services.h"
#include "ci/projects/readable.h"

namespace imp::ci {

struct WorkflowView {
  Workflow workflow;
  std::vector<Job> jobs;  ///< in the configuration's order
};
struct PipelineView {
  Pipeline pipeline;
  std::vector<WorkflowView> workflows;  ///< reruns after what they repeat
};
struct JobView {
  Pipeline pipeline;
  Workflow workflow;
  Job job;
  std::vector<JobStep> steps;  ///< by number; those that have started
};
struct PipelineConfig {
  std::string source;    ///< the file; empty when it could not be read
  std::string compiled;  ///< as expanded YAML; empty for an errored pipeline
};
/// One page of output: what a step printed, as it came in.
struct OutputChunk {
  std::int64_t sequence = 0;
  std::uint32_t step = 0;
  std::string bytes;  ///< may end within a character
};

struct PipelineQuery {
  std::string project_id = {};       ///< one of the two is set
  std::string organization_id = {};  ///< all projects of the organisation
  std::string branch = {};           ///< empty: all
  /// Continue after this pipeline of an earlier answer.
  std::string before_id = {};
  std::size_t limit = 20;
};

/// What pages and the API show of pipelines. Read only; authorisation is the caller's.
class PipelineReader {
 public:
  explicit PipelineReader(const PipelineServices& services) : services_(services) {}

  /// Newest first, with their workflows and jobs.
  Result<std::vector<PipelineView>> list(const PipelineQuery& query) const;
  Result<PipelineView> pipeline(std::string_view id) const;
  Result<PipelineView> pipeline(std::string_view project_id, std::int64_t number) const;
  Result<PipelineConfig> config(std::string_view pipeline_id) const;
  Result<config::PipelineValues> values(std::string_view pipeline_id) const;

  Result<WorkflowView> workflow(std::string_view id) const;

  /// Steps of a job whose result was taken over are those of the job that ran.
  Result<JobView> job(std::string_view id) const;
  /// By CIRCLE_BUILD_NUM.
  Result<JobView> job(std::string_view project_id, std::int64_t number) const;
  /// Output of all steps in order after chunk `after` (0: from the start), about `limit` bytes.
  Result<std::vector<OutputChunk>> output(std::string_view job_id, std::int64_t after,
                                          std::size_t limit = 1 << 20) const;

 private:
  const PipelineServices& services_;
};

}  // namespace imp::ci
