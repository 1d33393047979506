#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "base/clock.h"
#include "ci/contexts/context.h"
#include "db/database.h"

namespace imp::ci {

struct NewRestriction {
  std::string context_id;
  RestrictionKind kind = RestrictionKind::group;
  std::string value;
  std::string name;  ///< of the group or project, for people
};

/// An expression restriction: readable by the expression language, at most 4096 bytes, and without
/// `pipeline.trigger_parameters.*`. Variables that do not exist are accepted here, as on CircleCI;
/// they deny when the expression is evaluated.
Result<void> check_restriction_expression(std::string_view expression);

/// Restrictions of contexts. Changes are audited in the same transaction. That a group or project
/// exists in the context's organisation is for the caller to check.
class Restrictions {
 public:
  Restrictions(db::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// Adds a restriction. Adding a group or project that is listed already answers with the one
  /// there.
  Result<Restriction> add(const NewRestriction& restriction, const accounts::Actor& by);
  /// Oldest first.
  Result<std::vector<Restriction>> list(std::string_view context_id) const;
  Result<void> remove(std::string_view context_id, std::string_view id, const accounts::Actor& by);

  /// For use inside a caller's transaction.
  static std::vector<Restriction> list(db::Session& session, std::string_view context_id);
  /// The restriction that every new context has. Its id and value are the organisation's id.
  static void insert_all_members(db::Session& session, const Context& context);

 private:
  db::Database& database_;
  const Clock& clock_;
};

}  // namespace imp::ci
