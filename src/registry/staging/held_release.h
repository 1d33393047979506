#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "db/database.h"
#include "registry/staging/staged_release.h"

namespace imp::registry {

/// A direct publish that became a staged release, because a limit of the operator's said so.
struct HeldRelease {
  std::string stage_id;
  std::string reason;
};

/// The release that the very same publish by the same publisher became within kRetryWindow: the
/// client repeats one that got no answer.
std::optional<HeldRelease> held_before(db::Session& session, const PublishCandidate& candidate,
                                       const Publisher& publisher, Time now);

}  // namespace imp::registry
