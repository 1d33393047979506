#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accounts/actor.h"
#include "ci/projects/project.h"
#include "crypto/sealing.h"
#include "db/database.h"

namespace imp::ci {

/// Environment variables of a project: sealed at rest, masked when listed, in the clear only for a
/// job. Changes are audited (names, never values) in the same transaction.
class ProjectVariables {
 public:
  ProjectVariables(db::Database& database, const crypto::Sealer& sealer, const Clock& clock)
      : database_(database), sealer_(sealer), clock_(clock) {}

  Result<ProjectVariable> store(std::string_view project_id, std::string_view name,
                                std::string_view value, const accounts::Actor& by);
  Result<ProjectVariable> find(std::string_view project_id, std::string_view name) const;
  Result<std::vector<ProjectVariable>> list(std::string_view project_id) const;
  Result<void> remove(std::string_view project_id, std::string_view name,
                      const accounts::Actor& by);

  /// Names and values for a job, by name. The caller withholds them from forks' builds unless
  /// ProjectSettings::pass_secrets_to_forks. A value that cannot be opened is a failure.
  Result<std::vector<std::pair<std::string, std::string>>> values(
      db::Session& session, std::string_view project_id) const;

 private:
  Result<ProjectVariable> masked_row(const db::Row& row, std::string_view project_id) const;

  db::Database& database_;
  const crypto::Sealer& sealer_;
  const Clock& clock_;
};

}  // namespace imp::ci
