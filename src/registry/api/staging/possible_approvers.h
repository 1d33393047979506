#pragma once

#include <cstdint>

#include "registry/api/services.h"
#include "registry/packages/store.h"
#include "registry/staging/stage_policy.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

/// How many people could approve a release under the policy that binds it, as things are: the
/// maintainers and the members of the organisation that owns the scope, or of the policy's group.
/// Counts no further than `most`, which bounds what it costs where many may.
Result<std::int64_t> possible_approvers(RegistryServices& services, const Package& package,
                                        const StagedRelease& release, const StagePolicy& policy,
                                        std::int64_t most);

}  // namespace imp::registry
