#pragma once

#include <boost/json/array.hpp>
#include <string_view>
#include <vector>

#include "accounts/organization.h"
#include "ci/projects/project.h"
#include "web/frame/page.h"
#include "web/packages/package_view.h"

namespace imp::web {

/// Whether the visitor is an admin of the organisation itself: what the registry asks of those who
/// govern it. Administrators of the server are admins of its CI alone. False also when it cannot be
/// found out.
bool administers(const Visit& visit, const accounts::Organization& organization);

/// The tabs of an organisation's pages that the visitor may open; `current` is the text of the one
/// shown.
boost::json::array organization_tabs(const Visit& visit, const accounts::Organization& organization,
                                     std::string_view current);
/// The tabs of a project's pages.
boost::json::array project_tabs(const ci::Project& project, std::string_view current);
/// The tabs of a package's pages that the visitor may open. Strangers have one.
boost::json::array package_tabs(const PackageView& view, std::string_view current);

/// The organisation that owns a package, for its members.
std::vector<Crumb> package_trail(const PackageView& view);
std::vector<Crumb> organization_trail(const accounts::Organization& organization);
std::vector<Crumb> project_trail(const accounts::Organization& organization,
                                 const ci::Project& project);

}  // namespace imp::web
