#pragma once

#include <string_view>

#include "ci/projects/project.h"
#include "db/database.h"

namespace imp::ci {

/// The columns of ci_projects in the order in which project_of() reads them.
inline constexpr std::string_view project_columns =
    "id, organization_id, name, slug, repository_url, vcs_origin, hosted, default_branch, "
    "build_fork_prs, pass_secrets_to_forks, disable_ssh, created";
Project project_of(const db::Row& row);

std::unexpected<Failure> project_not_found();

}  // namespace imp::ci
