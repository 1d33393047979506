#pragma once

#include <optional>
#include <string_view>

#include "ci/contexts/decision.h"
#include "db/database.h"

namespace imp::ci {

/// What the person is to the organisation at this moment: read in the transaction of the decision,
/// so that somebody who was removed a moment ago does not pass. Nothing for an empty id.
std::optional<ContextActor> context_actor(db::Session& session, std::string_view organization_id,
                                          std::string_view person_id);

}  // namespace imp::ci
