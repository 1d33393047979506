#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "ci/projects/project.h"
#include "db/database.h"

namespace imp::ci {

struct DefinitionChange {
  std::optional<std::string> name = {};
  std::optional<std::string> description = {};
  std::optional<std::string> config_path = {};
};

/// A path inside the repository that ends in ".yml" or ".yaml", relative, without "." and "..".
Result<void> check_config_path(std::string_view path);

/// Pipeline definitions of projects. Changes are audited in the same transaction.
class PipelineDefinitions {
 public:
  PipelineDefinitions(db::Database& database, const Clock& clock)
      : database_(database), clock_(clock) {}

  Result<PipelineDefinition> create(std::string_view project_id, std::string_view name,
                                    std::string_view description, std::string_view config_path,
                                    const accounts::Actor& by);
  /// A definition of another project is not found.
  Result<PipelineDefinition> find(std::string_view project_id, std::string_view id) const;
  /// Oldest first.
  Result<std::vector<PipelineDefinition>> list(std::string_view project_id) const;
  /// Those of all projects of an organisation, oldest first.
  Result<std::vector<PipelineDefinition>> list_in(std::string_view organization_id) const;
  Result<PipelineDefinition> change(std::string_view project_id, std::string_view id,
                                    const DefinitionChange& change, const accounts::Actor& by);
  /// A project keeps at least one definition.
  Result<void> remove(std::string_view project_id, std::string_view id, const accounts::Actor& by);

  /// Adds a definition inside a caller's transaction; the caller has checked name and path.
  static PipelineDefinition insert(db::Session& session, PipelineDefinition definition);

 private:
  db::Database& database_;
  const Clock& clock_;
};

}  // namespace imp::ci
