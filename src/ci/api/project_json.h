#pragma once

#include <boost/json/object.hpp>

#include "accounts/organization.h"
#include "ci/projects/project.h"

namespace imp::ci {

/// The objects of CircleCI's project API.
boost::json::object to_json(const Project& project, const accounts::Organization& organization);
boost::json::object to_json(const ProjectVariable& variable);
boost::json::object to_json(const PipelineDefinition& definition, const Project& project);

}  // namespace imp::ci
