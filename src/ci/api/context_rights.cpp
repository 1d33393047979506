#include "ci/api/context_rights.h"

#include <fmt/format.h>

#include "ci/contexts/decision.h"

namespace imp::ci {

Result<Context> context_for_change(const Call& call) {
  auto found = context_for_member(call);
  if (!found) return pass_on(found);
  const Context& context = found->context;
  const auto restrictions = call.services.restrictions.list(context.id);
  if (!restrictions) return pass_on(restrictions);
  auto groups = call.services.accounts.groups.ids_of(context.organization_id, call.person().id);
  if (!groups) return pass_on(groups);
  const Decision decision =
      decide_groups(context.name, context.organization_id, *restrictions,
                    ContextActor{.person_id = call.person().id,
                                 .organization_member = found->standing.member,
                                 .organization_admin = found->standing.admin,
                                 .group_ids = std::move(*groups)});
  if (!decision.allowed()) {
    return refuse(
        ApiRefusal::not_permitted,
        fmt::format("Context \"{}\" is restricted to groups that you are not in.", context.name),
        decision.reason);
  }
  return std::move(found->context);
}

Result<Context> context_for_admin(const Call& call) {
  auto found = context_for_member(call);
  if (!found) return pass_on(found);
  if (!found->standing.admin) {
    return refuse(ApiRefusal::not_permitted,
                  "Only administrators of the organization may change restrictions of contexts.");
  }
  return std::move(found->context);
}

}  // namespace imp::ci
