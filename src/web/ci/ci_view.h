#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "ci/pipelines/reader.h"
#include "ci/projects/project.h"
#include "web/frame/visit.h"

namespace imp::web {

/// The project when the visitor belongs to its organisation; else it does not exist, and nothing
/// of it either.
Result<ci::Project> visible_project(const Visit& visit, std::string_view project_id);
/// The workflow or job that the path names, of such a project. A hidden one and one that does not
/// exist are refused alike.
Result<ci::WorkflowView> visible_workflow(const Visit& visit);
Result<ci::JobView> visible_job(const Visit& visit);

/// A branch, a tag, or the pull request of a fork.
std::string ref_text(const ci::Pipeline& pipeline);
/// How long something took, or has been going on; empty before it began.
std::string took_text(const std::optional<Time>& from, const std::optional<Time>& until, Time now);
std::string joined(const std::vector<std::string>& words);

}  // namespace imp::web
