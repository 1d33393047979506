#pragma once

#include <string>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/staging/stage_policy.h"

namespace imp::registry {

/// Sets a package's policy, on the word of somebody who governs it and has given a second factor.
/// The group is one of the owning organisation's, by name; empty for none.
struct PolicyRequest {
  std::int64_t approvals = 1;
  bool different_person = false;
  std::string group_name;
};
Result<StagePolicy> set_stage_policy(RegistryServices& services, const Requester& requester,
                                     const PackageName& name, const PolicyRequest& wanted);

}  // namespace imp::registry
