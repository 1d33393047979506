#pragma once

#include <boost/json/object.hpp>

#include "accounts/organization.h"
#include "ci/projects/project.h"

namespace imp::ci {

/// The objects of CircleCI's project API.
boost::json::object to_json(const Project& project, const accounts::Organization& organization);
boost::json::object to_json(const ProjectVariable& variable);
boost::json::object to_json(const PipelineDefinition& definition, const Project& project);

/// The project's repository as "config_source" and "checkout_source" of its pipeline definitions
/// name it. It has no number of its provider's here: its origin identifies it.
boost::json::object source_of(const Project& project);

}  // namespace imp::ci
