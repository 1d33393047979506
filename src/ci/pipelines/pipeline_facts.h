#pragma once

#include <string>
#include <string_view>

#include "ci/config/pipeline_values.h"
#include "ci/pipelines/pipeline.h"
#include "ci/projects/project.h"
#include "ci/projects/repository.h"
#include "db/database.h"

namespace imp::ci {

/// All that a pipeline's values and its jobs' variables are made from.
struct PipelineFacts {
  Pipeline pipeline;
  Project project;           ///< whose pipeline it is
  Project source;            ///< whose code it builds: the same, or a fork
  std::string organization;  ///< name of the project's organisation
  std::string source_organization;
  Commit commit = {};  ///< only where it was read from the repository
};

/// All but the commit, as it is now.
PipelineFacts facts_of(db::Session& session, Pipeline pipeline);

/// The documented pipeline values that exist in this pipeline; what has no value is left out.
config::PipelineValues pipeline_values(const PipelineFacts& facts, std::string_view public_url);

/// Values as one JSON object and back: booleans, integers and strings.
std::string to_json(const config::PipelineValues& values);
config::PipelineValues values_from_json(const std::string& text);

/// Where jobs clone a hosted repository from: `<public-url>/git/<organization>/<project>.git`.
std::string clone_url(std::string_view public_url, std::string_view organization,
                      std::string_view project);

}  // namespace imp::ci
