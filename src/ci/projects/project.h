#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"

namespace imp::ci {

enum class ProjectRefusal {
  invalid_project_name,
  invalid_project_slug,
  invalid_vcs_origin,
  invalid_repository_url,
  project_exists,
  project_not_found,
  invalid_definition,
  definition_not_found,
  definition_exists,
  last_definition,
  invalid_project_variable,
  too_many_project_variables,
  project_variable_not_found,
};
Reason reason(ProjectRefusal refusal);

/// The project settings that this server honours (names of the v2 settings document in brackets).
struct ProjectSettings {
  bool build_fork_prs = false;  ///< [build_fork_prs] run pipelines for pull requests of forks
  bool pass_secrets_to_forks = false;  ///< [forks_receive_secret_env_vars] without it a fork's
                                       ///< build gets no variable, no context and no identity token
  bool disable_ssh = false;            ///< [disable_ssh] refuse reruns with SSH

  bool operator==(const ProjectSettings&) const = default;
};

/// A repository that the CI half builds.
struct Project {
  std::string id;               ///< UUID; the `project-id` claim
  std::string organization_id;  ///< UUID; the `org-id` claim
  std::string name;             ///< one path segment, e.g. "widgets"
  std::string slug;             ///< `circleci/<org>/<project>` or `gh/<org>/<repo>`
  std::string repository_url;   ///< where jobs clone from
  std::string vcs_origin;       ///< repository URL without scheme, e.g. "github.com/acme/widgets"
  bool hosted = false;          ///< this server holds the repository
  std::string default_branch;   ///< e.g. "main"
  ProjectSettings settings;
  Time created;
};

/// One configuration file of a project that can start pipelines. Its id is what a trusted publisher
/// names, so an id is never reused and never moves to another project.
struct PipelineDefinition {
  std::string id;  ///< UUID; the `pipeline-definition-id` claim
  std::string project_id;
  std::string name;
  std::string description;
  std::string config_path;  ///< relative to the repository's root, e.g. ".circleci/config.yml"
  Time created;
};

/// Every job of the project is sent all of them.
inline constexpr std::size_t variables_per_project = 200;

/// A project environment variable as others may see it.
struct ProjectVariable {
  std::string name;
  std::string masked_value;  ///< "xxxx" and the last four characters
  Time created;
};

}  // namespace imp::ci
