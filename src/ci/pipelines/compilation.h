#pragma once

#include <string>
#include <vector>

#include "ci/config/compiled.h"
#include "ci/config/parameters.h"
#include "ci/pipelines/changes.h"
#include "ci/pipelines/pipeline_facts.h"
#include "ci/pipelines/services.h"

namespace imp::ci {

/// What came of a pipeline's configuration file.
struct Compilation {
  config::PipelineValues values;
  std::string source;    ///< the file; empty when it could not be read
  std::string expanded;  ///< empty with errors
  std::string errors;    ///< one problem a line; empty: it compiled
  std::string warnings;  ///< one a line
  std::vector<config::Workflow> workflows;
  std::vector<std::vector<std::string>> templates;  ///< per workflow and job, encoded tickets
};

/// Reads the commit and the file from the source's repository and compiles. Fills facts.commit.
/// Runs git: not inside a transaction.
Compilation compile_pipeline(const PipelineServices& services, PipelineFacts& facts,
                             const config::Arguments& arguments);

/// Stores the outcome of a pending pipeline, with its workflows and jobs, and queues those that may
/// start.
void store(db::Session& session, const PipelineFacts& facts, const Compilation& compilation,
           Time now, Changes& changes);

}  // namespace imp::ci
