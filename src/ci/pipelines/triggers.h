#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "ci/config/parameters.h"
#include "ci/pipelines/pipeline.h"
#include "ci/pipelines/pipeline_facts.h"
#include "ci/pipelines/services.h"

namespace imp::ci {

/// A branch or a tag by its short name: exactly one of them is set.
struct RefChoice {
  std::string branch = {};
  std::string tag = {};
};

/// What POST …/pipeline/run asks for.
struct RunRequest {
  std::string definition_id;
  RefChoice config;    ///< where the configuration is read
  RefChoice checkout;  ///< what the jobs check out, and what the pipeline speaks for
  config::Arguments arguments = {};
};

/// A pipeline that is to be: everything but its id, number and time.
struct NewPipeline {
  Pipeline pipeline;
  config::Arguments arguments = {};
};

/// A pipeline of this definition that somebody asks for: what it builds is still to be said.
Pipeline pipeline_of(std::string project_id, const PipelineDefinition& definition,
                     const accounts::Actor& by);

/// Starts pipelines. That happens in two transactions, because reading a repository and compiling
/// must not keep other writers waiting: the first gives the pipeline its number and state
/// `pending`, the second stores what came of its configuration. resume() takes up what a crash left
/// in between.
class Triggers {
 public:
  explicit Triggers(const PipelineServices& services) : services_(services) {}

  /// The configuration comes from the ref that is checked out, or from the default branch: from
  /// another one it could speak in the checkout's name, and use contexts that are restricted to it.
  Result<Pipeline> run(const Project& project, const RunRequest& request,
                       const accounts::Actor& by);

  /// A pull request from a branch of `fork`, another hosted project: runs each of the parent's
  /// definitions with the fork's code and configuration. The same branch keeps its number.
  Result<std::vector<Pipeline>> pull_request(const Project& parent, const Project& fork,
                                             std::string_view branch, const accounts::Actor& by);

  /// Adds pipelines in state `pending` in the caller's transaction; returns their ids.
  std::vector<std::string> record(db::Session& session, std::vector<NewPipeline> pipelines,
                                  const accounts::Actor& by) const;
  /// Reads and compiles the configuration of a pending pipeline and makes its workflows. Answers
  /// with the pipeline as it is when it is no longer pending. A configuration that cannot be read
  /// or compiled is not a failure: the pipeline is `errored` then.
  Result<Pipeline> start(std::string_view pipeline_id);
  /// start() for each of them; a failure of one does not keep the others from starting.
  Result<std::vector<Pipeline>> start_all(const std::vector<std::string>& pipeline_ids);
  /// Starts what is pending for longer than `age`.
  void resume(Milliseconds age);

 private:
  Result<PipelineFacts> facts_of(std::string_view pipeline_id, config::Arguments& arguments) const;

  const PipelineServices& services_;
};

}  // namespace imp::ci
