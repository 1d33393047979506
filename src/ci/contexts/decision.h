#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ci/contexts/context.h"
#include "ci/expressions/environment.h"

namespace imp::ci {

/// Who wants to use a context: the person who runs the workflow, or after an approval the approver.
struct ContextActor {
  std::string person_id = {};
  bool organization_member = false;  ///< of the organisation that owns the context
  bool organization_admin = false;
  std::vector<std::string> group_ids = {};
};

/// One use of one context by one job: all that the decision depends on.
struct ContextUse {
  std::string context_name;
  std::string organization_id;            ///< owner of the context
  std::vector<Restriction> restrictions;  ///< of the context
  std::optional<ContextActor> actor;      ///< nothing for triggers without a person
  std::string project_id;
  /// Pipeline values, without those that do not exist in this pipeline, and `job.ssh.enabled`.
  const expr::Environment* values = nullptr;
};

/// Why a context was withheld.
enum class Denial {
  none,
  no_actor,             ///< a trigger without a person cannot be in a group
  not_in_group,         ///< the actor is in none of the groups
  administrators_only,  ///< no group restriction is left: only administrators may use it
  other_project,        ///< the project is not one of those listed
  expression_false,
  expression_failed,  ///< unset variable, type error, unreadable expression
};
std::string_view name(Denial denial);  ///< stable code: "not_in_group"

struct Decision {
  Denial denial = Denial::none;
  std::string restriction_id;  ///< of the restriction that said no, when it was one
  std::string reason;          ///< a sentence for people: which context, which restriction, why
  bool allowed() const { return denial == Denial::none; }
};

/// Decides by CircleCI's rules: any one group, and any one project when projects are listed, and
/// every expression. Without a group restriction only administrators of the organisation pass that
/// stage; administrators pass every group, but no project restriction and no expression.
/// `pipeline.parameters.*` and `pipeline.trigger_parameters.*` do not exist here: whoever starts a
/// pipeline chooses them. Anything unset, unknown or failing denies. Pure.
Decision decide(const ContextUse& use);

/// The group stage of decide() alone: who may change variables of a restricted context or delete
/// it.
Decision decide_groups(std::string_view context_name, std::string_view organization_id,
                       const std::vector<Restriction>& restrictions,
                       const std::optional<ContextActor>& actor);

}  // namespace imp::ci
