#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/failure.h"
#include "ci/deploys/markers.h"
#include "db/database.h"

namespace imp::ci {

/// Where a plan goes, after names that were left out have been filled in.
struct DeployTarget {
  std::string environment_id;
  std::string component_id;
};

/// Finds or makes the environment and the component that the plan names or leaves out. Several
/// candidates for one that was left out are a refusal that lists them.
Result<DeployTarget> resolve_target(db::Session& session, const DeployJob& job,
                                    const DeployPlan& plan, Time now);

/// Notes that the deployment's version was deployed, and makes it the live one of its component,
/// environment and namespace in place of the one that was.
void make_live(db::Session& session, const Deployment& deployment, Time now);

}  // namespace imp::ci
