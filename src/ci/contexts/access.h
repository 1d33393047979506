#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "ci/contexts/context_variables.h"
#include "ci/contexts/decision.h"
#include "db/database.h"

namespace imp::ci {

/// A job that lists contexts.
struct ContextRequest {
  std::string organization_id;  ///< of the job's project: contexts are looked up there alone
  std::string project_id;
  std::string job_id;
  std::vector<std::string> context_names;  ///< in the order in which the job lists them
  /// Who runs the workflow, or after an approval the approver; empty for triggers without a person.
  std::string person_id;
  /// Pipeline values, without those that do not exist in this pipeline, and `job.ssh.enabled`.
  const expr::Environment* values = nullptr;
};

enum class AccessOutcome {
  allowed,
  unauthorized,     ///< the job becomes `unauthorized`
  unknown_context,  ///< the job fails: it names a context that does not exist
};

struct Access {
  AccessOutcome outcome = AccessOutcome::unauthorized;
  std::string code;    ///< "allowed", "unknown_context" or the name of the Denial
  std::string reason;  ///< for people, to be stored with the job; empty when allowed
  std::vector<std::string> context_ids;  ///< in order; only when allowed
};

struct ContextRelease {
  Access access;
  std::vector<SecretVariable> variables;  ///< only when allowed; each name once
};

/// Decides on all contexts of a job at once and hands out their values. Both functions run in the
/// caller's write transaction and append their audit record to it, also when the answer is no: so
/// the caller must commit a refusal, not roll it back.
class ContextAccess {
 public:
  ContextAccess(const ContextVariables& variables, const Clock& clock, Metrics& metrics)
      : variables_(variables), clock_(clock), metrics_(metrics) {}

  /// The decision, for when a job is dispatched: allowed only when every context allows it.
  Access authorize(db::Session& session, const ContextRequest& request) const;

  /// Decides again and, when allowed, opens the values: those of a later context win over an
  /// earlier one's of the same name. There is no way to values that does not decide. A value that
  /// cannot be opened is a failure, and nothing is released.
  Result<ContextRelease> release(db::Session& session, const ContextRequest& request) const;

 private:
  const ContextVariables& variables_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace imp::ci
