#pragma once

#include "app/settings.h"
#include "base/clock.h"
#include "db/database.h"

namespace imp::app {

/// Writes to the audit log what the server believes by its settings (its own address, audiences,
/// issuer, age of tokens, proxies): at the first start, and at each start that finds it changed.
Result<void> record_settings(db::Database& database, const Settings& settings, const Clock& clock);

}  // namespace imp::app
