#pragma once

#include <optional>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

/// What an approval of the requester would meet, asked before they give a second factor for it. The
/// approval itself asks again.
struct ApprovalOutlook {
  /// Why it would be refused whatever it is confirmed with: they are behind the release, or not in
  /// the group.
  std::optional<Failure> refusal;
  std::optional<Failure> code_refusal;  ///< and when it is confirmed with a code
  bool approved = false;  ///< theirs is recorded, for the tag that the release was staged with
};
Result<ApprovalOutlook> approval_outlook(RegistryServices& services, const Requester& requester,
                                         const StagedRelease& release);

}  // namespace imp::registry
