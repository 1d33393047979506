#pragma once

#include <boost/json/object.hpp>

#include "ci/pipelines/reader.h"

namespace imp::ci {

/// The objects of CircleCI's workflow API.
boost::json::object to_json(const Workflow& workflow, const Pipeline& pipeline,
                            const Project& project);
/// An item of GET /workflow/{id}/job.
boost::json::object to_json(const Job& job, const WorkflowView& workflow, const Project& project);

}  // namespace imp::ci
