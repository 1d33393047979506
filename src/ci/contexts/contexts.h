#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "base/clock.h"
#include "ci/contexts/context.h"
#include "db/database.h"

namespace imp::ci {

std::vector<db::Migration> context_migrations();

/// 1 to 200 characters, not only white space, none at either end and no vertical white space.
Result<void> check_context_name(std::string_view name);

/// Contexts of organisations. Changes are audited in the same transaction; authorisation is the
/// caller's.
class Contexts {
 public:
  Contexts(db::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// Creates the context with its "All members" group restriction, whose id is the organisation's.
  Result<Context> create(std::string_view organization_id, std::string_view name,
                         const accounts::Actor& by);
  Result<Context> find(std::string_view id) const;
  /// By name; `name_part` (a part of the name, whatever its case) may be empty.
  Result<std::vector<Context>> list(std::string_view organization_id,
                                    std::string_view name_part = {}) const;
  /// Removes it with its variables and restrictions.
  Result<void> remove(std::string_view id, const accounts::Actor& by);

  /// For use inside a caller's transaction.
  static std::optional<Context> find(db::Session& session, std::string_view id);
  static std::optional<Context> find_by_name(db::Session& session, std::string_view organization_id,
                                             std::string_view name);

 private:
  db::Database& database_;
  const Clock& clock_;
};

}  // namespace imp::ci
