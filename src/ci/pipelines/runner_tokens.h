#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "ci/pipelines/services.h"

namespace imp::ci {

/// A runner as the server knows it: by its token.
struct RunnerIdentity {
  std::string id;  ///< UUID
  std::string name;
  Time created;
};

/// Tokens of runners: `imprun_` and 40 random characters, stored as their SHA-256. A runner may
/// take any job of the server; its token is for the operator to give. Changes are audited.
class RunnerTokens {
 public:
  explicit RunnerTokens(const PipelineServices& services) : services_(services) {}

  /// The token, shown this once. Names have 1 to 100 characters without control characters; several
  /// tokens may share one.
  Result<std::string> create(std::string_view name, const accounts::Actor& by);
  Result<RunnerIdentity> verify(std::string_view token) const;
  /// By name.
  Result<std::vector<RunnerIdentity>> list() const;
  /// Ends the jobs that the runner holds: its process is gone, and another one will have its token.
  Result<void> abandon_jobs(std::string_view id);
  /// Also ends the jobs that the runner holds: nobody could renew their leases.
  Result<void> revoke(std::string_view id, const accounts::Actor& by);

 private:
  const PipelineServices& services_;
};

}  // namespace imp::ci
