#pragma once

#include <string_view>

#include "audit/record.h"
#include "db/database.h"
#include "registry/brakes/freeze.h"

namespace imp::registry {

// What the API and the command line do with an operator's freezes. `record` says who does it, and
// becomes the audit record in the same transaction.

Result<Freeze> freeze(db::Session& session, const FreezeTarget& target, std::string_view reason,
                      std::string_view created_by, audit::Record record);

/// Ends a freeze. Publish tokens from before it end too: whoever took one waits for this.
Result<Freeze> unfreeze(db::Session& session, std::string_view id, audit::Record record);

}  // namespace imp::registry
