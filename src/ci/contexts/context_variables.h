#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "base/clock.h"
#include "ci/contexts/context.h"
#include "crypto/sealing.h"
#include "db/database.h"

namespace imp::ci {

/// A variable in the clear. Only for a job that may have it; never log, store or echo it.
struct SecretVariable {
  std::string name;
  std::string value;
};

/// Variables of contexts. Each value is sealed for its context and name, so that a sealed text
/// moved to another row does not open. Changes are audited by name, never by value.
class ContextVariables {
 public:
  ContextVariables(db::Database& database, const crypto::Sealer& sealer, const Clock& clock)
      : database_(database), sealer_(sealer), clock_(clock) {}

  /// Adds the variable or replaces its value.
  Result<ContextVariable> store(std::string_view context_id, std::string_view name,
                                std::string_view value, const accounts::Actor& by);
  /// By name.
  Result<std::vector<ContextVariable>> list(std::string_view context_id) const;
  Result<void> remove(std::string_view context_id, std::string_view name,
                      const accounts::Actor& by);

  /// The values of one context. Callers outside this folder want ContextAccess::release(), which
  /// decides first.
  Result<std::vector<SecretVariable>> open_all(db::Session& session,
                                               std::string_view context_id) const;

 private:
  db::Database& database_;
  const crypto::Sealer& sealer_;
  const Clock& clock_;
};

}  // namespace imp::ci
