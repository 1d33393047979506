#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ci/deploys/deploy.h"
#include "db/database.h"

namespace imp::ci {

struct TimelineQuery {
  std::string organization_id;      ///< required
  std::string project_id = {};      ///< empty: all of the organisation
  std::string environment_id = {};  ///< empty: all
  std::string component_id = {};    ///< empty: all
  std::string before_id = {};       ///< continue after this deployment of an earlier answer
  std::size_t limit = 50;
};

/// What is deployed where. Read only.
class DeployTimeline {
 public:
  explicit DeployTimeline(db::Database& database) : database_(database) {}

  /// Deployments, newest first.
  Result<std::vector<Deployment>> deployments(const TimelineQuery& query) const;

  Result<std::vector<DeployEnvironment>> environments(std::string_view organization_id) const;
  Result<DeployEnvironment> environment(std::string_view id) const;

  /// `project_id` and `name_part` (a part of the name, whatever its case) may be empty.
  Result<std::vector<DeployComponent>> components(std::string_view organization_id,
                                                  std::string_view project_id,
                                                  std::string_view name_part) const;
  Result<DeployComponent> component(std::string_view id) const;

  /// Versions of a component that were deployed at least once, most recently deployed first.
  Result<std::vector<DeployVersion>> versions(std::string_view component_id) const;
  /// The live version; nothing when none is.
  Result<std::optional<DeployVersion>> live_version(std::string_view component_id,
                                                    std::string_view environment_id,
                                                    std::string_view namespace_name) const;

 private:
  db::Database& database_;
};

}  // namespace imp::ci
