#include "registry/api/staging/possible_approvers.h"

#include <set>
#include <string>

#include "registry/api/staging/stage_state.h"

namespace imp::registry {

namespace {

/// By name: nobody else can be among those who may.
Result<std::set<std::string>> candidates(RegistryServices& services, const Package& package,
                                         const StagePolicy& policy) {
  std::set<std::string> names;
  if (package.owner) {
    const auto add = [&](const auto& members) {
      for (const auto& member : members) names.insert(member.name);
    };
    if (!policy.group.empty()) {
      const auto group = services.accounts.groups.by_id(*package.owner, policy.group);
      if (!group) return names;
      const auto members = services.accounts.groups.members(*group);
      if (!members) return pass_on(members);
      add(*members);
      return names;
    }
    const auto members = services.accounts.organizations.members(*package.owner);
    if (!members) return pass_on(members);
    add(*members);
  }
  const auto read = services.database.read([&](db::Session& session) -> Result<void> {
    for (Person& one : maintainers_of(session, package.id)) names.insert(std::move(one.name));
    return {};
  });
  if (!read) return pass_on(read);
  return names;
}

}  // namespace

Result<std::int64_t> possible_approvers(RegistryServices& services, const Package& package,
                                        const StagedRelease& release, const StagePolicy& policy,
                                        std::int64_t most) {
  const auto names = candidates(services, package, policy);
  if (!names) return pass_on(names);
  return services.database.read([&](db::Session& session) -> Result<std::int64_t> {
    const ApprovalRights rights = approval_rights(session, package.owner);
    const auto access = access_of(session, package);
    std::int64_t count = 0;
    for (const std::string& name : *names) {
      if (count == most) break;
      const RecordedApproval by_passkey{name, release.candidate.tag, true};
      if (may_write(rights.caller(name), access) &&
          may_approve(policy, release.behind, by_passkey, rights)) {
        ++count;
      }
    }
    return count;
  });
}

}  // namespace imp::registry
