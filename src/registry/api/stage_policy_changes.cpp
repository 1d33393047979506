#include "registry/api/stage_policy_changes.h"

#include <boost/json.hpp>

#include "accounts/groups.h"
#include "audit/log.h"
#include "registry/api/trust_changes.h"
#include "registry/packages/store.h"
#include "registry/publish/package_change.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

namespace {

/// The policy that is asked for, with its team looked up.
Result<StagePolicy> policy_of(RegistryServices& services, const Package& package,
                              const PolicyRequest& wanted) {
  if (wanted.approvals < 1 || wanted.approvals > kMostApprovals) {
    return refuse(StageRefusal::invalid_stage_policy,
                  fmt::format("\"approvals\" must be a number from 1 to {}.", kMostApprovals));
  }
  StagePolicy policy{wanted.approvals, wanted.different_person, {}};
  if (wanted.group_name.empty()) return policy;
  if (package.owner) {
    const auto group = services.accounts.groups.by_name(*package.owner, wanted.group_name);
    if (group) {
      policy.group = group->id;
      return policy;
    }
    if (group.error().kind() != FailureKind::not_found) return pass_on(group);
  }
  return refuse(StageRefusal::invalid_stage_policy,
                fmt::format("\"group\" must name a team of the organisation that owns the scope of "
                            "{}; there is no \"{}\".",
                            package.name, wanted.group_name));
}

}  // namespace

Result<StagePolicy> set_stage_policy(RegistryServices& services, const Requester& requester,
                                     const PackageName& name, const PolicyRequest& wanted) {
  const auto found = governed_package(services, requester, name);
  if (!found) return pass_on(found);
  const auto policy = policy_of(services, *found, wanted);
  if (!policy) return pass_on(policy);
  return services.database.write([&](db::Session& session) -> Result<StagePolicy> {
    const Time now = services.clock.now();
    const auto rights = requester.rights_now(session, now);
    if (!rights) return pass_on(rights);
    const auto package = open_for_change(session, name, *rights, ChangeOf::administration);
    if (!package) return pass_on(package);
    const auto change = change_policy(session, package->id, *policy, rights->person, now);
    if (!change) return policy;
    audit::Record record = requester.audit_record("stage.policy", "package:" + name.text(), now);
    record.organization = package->owner;
    record.detail = {{"before", change->before.to_json()},
                     {"after", change->after.to_json()},
                     {"looser", is_looser(change->after, change->before)}};
    audit::append(session, record);
    return policy;
  });
}

}  // namespace imp::registry
