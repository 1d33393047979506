#include "ci/projects/project_rows.h"

namespace imp::ci {

Project project_of(const db::Row& row) {
  Project project;
  project.id = row.text(0);
  project.organization_id = row.text(1);
  project.name = row.text(2);
  project.slug = row.text(3);
  project.repository_url = row.text(4);
  project.vcs_origin = row.text(5);
  project.hosted = row.flag(6);
  project.default_branch = row.text(7);
  project.settings = {.build_fork_prs = row.flag(8),
                      .pass_secrets_to_forks = row.flag(9),
                      .disable_ssh = row.flag(10)};
  project.created = from_milliseconds(row.integer(11));
  return project;
}

std::unexpected<Failure> project_not_found() {
  return refuse(ProjectRefusal::project_not_found, "There is no such project.");
}

}  // namespace imp::ci
