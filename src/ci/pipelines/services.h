#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ci/contexts/access.h"
#include "ci/deploys/markers.h"
#include "ci/identity/issuer.h"
#include "ci/pipelines/job_over.h"
#include "ci/projects/definitions.h"
#include "ci/projects/projects.h"
#include "ci/projects/repository.h"
#include "ci/projects/variables.h"
#include "crypto/random.h"
#include "crypto/sealing.h"
#include "db/database.h"
#include "http/waiters.h"

namespace imp::ci {

/// What every class of this folder works with. Outlives them all.
struct PipelineServices {
  db::Database& database;
  const Clock& clock;
  crypto::Random& random;
  const crypto::Sealer& sealer;
  Log& log;
  Metrics& metrics;
  http::Waiters& waiters;
  const PipelineDefinitions& definitions;
  const Repositories& repositories;
  const ProjectVariables& variables;
  const ContextAccess& contexts;
  Issuer& issuer;
  DeployMarkers& deploys;
  std::string public_url;  ///< without a trailing slash
  Milliseconds lease = std::chrono::seconds(60);
  JobOver job_over = {};
};

}  // namespace imp::ci
