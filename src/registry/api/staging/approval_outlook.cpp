#include "registry/api/staging/approval_outlook.h"

#include <algorithm>

#include "registry/api/staging/stage_state.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"

namespace imp::registry {

Result<ApprovalOutlook> approval_outlook(RegistryServices& services, const Requester& requester,
                                         const StagedRelease& release) {
  const std::string& person = requester.rights().person;
  return services.database.read([&](db::Session& session) -> Result<ApprovalOutlook> {
    const auto package = find_package(session, release.candidate.name);
    if (!package) return refuse(PackageRefusal::package_not_found, "The package is no more.");
    const StagePolicy policy =
        binding_policy_since(session, *package, release.waiting_since(), services.clock.now());
    const ApprovalRights rights = approval_rights(session, package->owner);
    const std::string& tag = release.candidate.tag;
    const auto refusal = [&](bool by_passkey) -> std::optional<Failure> {
      const auto may = may_approve(policy, release.behind, {person, tag, by_passkey}, rights);
      if (may) return std::nullopt;
      return may.error();
    };
    ApprovalOutlook outlook{.refusal = refusal(true), .code_refusal = refusal(false)};
    const auto counted = counted_approvals(session, release, policy, rights, tag);
    outlook.approved = std::ranges::find(counted, person) != counted.end();
    return outlook;
  });
}

}  // namespace imp::registry
