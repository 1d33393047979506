#pragma once

#include <string>

#include "audit/record.h"
#include "db/database.h"
#include "hooks/hook.h"

namespace imp::registry {

/// Pauses a webhook, which tells nobody anything until somebody who governs changes it. `why` is a
/// sentence for them; `record` says who, when and whose webhook, and becomes the audit record
/// (`hook.pause`) of the same transaction.
void pause_hook(db::Session& session, hooks::Hook hook, std::string why, audit::Record record);

/// Why one is paused whose author may not govern any more.
std::string author_may_not(const hooks::Hook& hook);

}  // namespace imp::registry
