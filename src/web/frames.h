#pragma once

#include <boost/json/array.hpp>
#include <string_view>
#include <vector>

#include "accounts/organization.h"
#include "ci/projects/project.h"
#include "web/page.h"

namespace imp::web {

/// The tabs of an organisation's pages; `current` is the text of the one shown.
boost::json::array organization_tabs(const accounts::Organization& organization,
                                     std::string_view current);
/// The tabs of a project's pages.
boost::json::array project_tabs(const ci::Project& project, std::string_view current);
/// The tabs of a package's pages. Strangers have one; `staged` releases wait for approval.
boost::json::array package_tabs(std::string_view package, std::string_view current, bool writer,
                                std::int64_t staged);

std::vector<Crumb> organization_trail(const accounts::Organization& organization);
std::vector<Crumb> project_trail(const accounts::Organization& organization,
                                 const ci::Project& project);

}  // namespace imp::web
