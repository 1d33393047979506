#include "ci/api/context_rights.h"

#include <fmt/format.h>

#include "base/uuid.h"
#include "ci/contexts/decision.h"

namespace imp::ci {
namespace {

/// A group is named by its id, by its name, or, for "All members", by the organisation's id.
Result<void> resolve_group(const Call& call, std::string_view organization_id,
                           NewRestriction& restriction) {
  if (restriction.value == organization_id) return {};
  const auto& groups = call.services.accounts.groups;
  auto group = is_uuid(restriction.value) ? groups.by_id(organization_id, restriction.value)
                                          : groups.by_name(organization_id, restriction.value);
  if (!group) {
    if (group.error().kind() != FailureKind::not_found) return pass_on(group);
    return refuse(ApiRefusal::invalid_parameter,
                  "Invalid restriction: the organization has no such group.");
  }
  restriction.value = group->id;
  restriction.name = group->name;
  return {};
}

/// A project of another organisation is as absent as one that does not exist.
Result<void> resolve_project(const Call& call, std::string_view organization_id,
                             NewRestriction& restriction) {
  const auto project = call.services.projects.find(restriction.value);
  if (!project && project.error().kind() != FailureKind::not_found) return pass_on(project);
  if (!project || project->organization_id != organization_id) {
    return refuse(ApiRefusal::invalid_parameter,
                  "Invalid restriction: the organization has no such project.");
  }
  restriction.name = project->name;
  return {};
}

}  // namespace

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

Result<Restriction> add_restriction(const Call& call, const Context& context,
                                    NewRestriction restriction) {
  restriction.context_id = context.id;
  Result<void> resolved;
  if (restriction.kind == RestrictionKind::group) {
    resolved = resolve_group(call, context.organization_id, restriction);
  } else if (restriction.kind == RestrictionKind::project) {
    resolved = resolve_project(call, context.organization_id, restriction);
  }
  if (!resolved) return pass_on(resolved);
  return call.services.restrictions.add(restriction, call.caller.actor());
}

}  // namespace imp::ci
