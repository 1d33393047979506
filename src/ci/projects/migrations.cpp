#include "ci/projects/projects.h"

namespace imp::ci {

std::vector<db::Migration> project_migrations() {
  return {
      {"ci-projects/1",
       "CREATE TABLE ci_projects (id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, "
       "name TEXT NOT NULL, slug TEXT NOT NULL, "
       // Slugs differ in more than case, so that nobody mistakes one project for another.
       "slug_key TEXT NOT NULL UNIQUE, repository_url TEXT NOT NULL, vcs_origin TEXT NOT NULL, "
       "hosted INTEGER NOT NULL, default_branch TEXT NOT NULL, "
       "build_fork_prs INTEGER NOT NULL, pass_secrets_to_forks INTEGER NOT NULL, "
       "disable_ssh INTEGER NOT NULL, last_pipeline_number BIGINT NOT NULL, "
       "last_job_number BIGINT NOT NULL, created BIGINT NOT NULL);\n"
       "CREATE UNIQUE INDEX ci_projects_by_organization "
       "ON ci_projects (organization_id, LOWER(name));\n"
       "CREATE INDEX ci_projects_by_origin ON ci_projects (vcs_origin);\n"
       "CREATE TABLE ci_pipeline_definitions (id TEXT PRIMARY KEY, project_id TEXT NOT NULL, "
       "name TEXT NOT NULL, description TEXT NOT NULL, config_path TEXT NOT NULL, "
       "created BIGINT NOT NULL, UNIQUE (project_id, name));\n"
       "CREATE TABLE ci_project_variables (project_id TEXT NOT NULL, name TEXT NOT NULL, "
       "sealed_value TEXT NOT NULL, created BIGINT NOT NULL, PRIMARY KEY (project_id, name));\n"}};
}

}  // namespace imp::ci
