#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "ci/projects/project.h"
#include "ci/projects/repository.h"
#include "db/database.h"

namespace imp::ci {

std::vector<db::Migration> project_migrations();

struct NewProject {
  std::string organization_id;
  std::string organization_name;
  std::string name;
  std::string slug;            ///< empty: `circleci/<organisation name>/<name>`
  std::string repository_url;  ///< empty: this server hosts the repository
  std::string vcs_origin;      ///< empty: derived from the repository URL
  std::string default_branch = "main";
  std::string config_path = ".circleci/config.yml";  ///< of the first pipeline definition
};

/// Which settings to change; the others stay.
struct SettingsChange {
  std::optional<bool> build_fork_prs = {};
  std::optional<bool> pass_secrets_to_forks = {};
  std::optional<bool> disable_ssh = {};
};

/// Projects of the CI half. Changes are audited in the same transaction. Authorisation is the
/// caller's.
class Projects {
 public:
  /// `public_url` is without a trailing slash; its host and port begin the origin of hosted
  /// repositories.
  Projects(db::Database& database, const Repositories& repositories, const Clock& clock,
           std::string public_url);

  /// Creates the project with one pipeline definition named "default", and the bare repository when
  /// this server hosts it. A `vcs_origin` on this server's own host is refused for a project that
  /// is not hosted here: it would let one organisation speak for another's repository.
  Result<Project> create(const NewProject& project, const accounts::Actor& by);

  Result<Project> find(std::string_view id) const;
  /// By slug (the stored one, or `circleci/<organisation id>/<project id>`) or by id.
  Result<Project> find_by_slug(std::string_view slug) const;
  /// The hosted project whose origin is `<public host>/<organization>/<name>`.
  Result<Project> find_hosted(std::string_view organization_name, std::string_view name) const;
  /// By name.
  Result<std::vector<Project>> list(std::string_view organization_id) const;
  /// How many these are.
  Result<std::int64_t> count(std::string_view organization_id) const;

  Result<Project> change_settings(std::string_view id, const SettingsChange& change,
                                  const accounts::Actor& by);

  /// For use inside a caller's transaction.
  static std::optional<Project> find(db::Session& session, std::string_view id);
  /// The next job number (CIRCLE_BUILD_NUM) and pipeline number of a project, from 1, without gaps
  /// unless the transaction is rolled back. The project must exist.
  static std::int64_t next_job_number(db::Session& session, std::string_view project_id);
  static std::int64_t next_pipeline_number(db::Session& session, std::string_view project_id);

 private:
  Result<Project> complete(const NewProject& project) const;

  db::Database& database_;
  const Repositories& repositories_;
  const Clock& clock_;
  std::string public_url_;
  std::string public_host_;
};

}  // namespace imp::ci
