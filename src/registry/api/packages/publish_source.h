#pragma once

#include "registry/api/requester.h"
#include "registry/brakes/publish_limits.h"

namespace imp::registry {

/// Whose publish the operator's limits count this as: a person's, or a trusted publisher's and that
/// of the project behind it, which may have publishers at many packages.
PublishSource source_of(db::Session& session, const Requester& requester);

}  // namespace imp::registry
