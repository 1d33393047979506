#pragma once

#include "registry/api/services.h"

namespace imp::registry {

/// Takes away the releases whose time is over, each with its audit record, and what became of those
/// that ended long ago, and events that were kept long enough. Call now and then.
Result<void> expire_releases(RegistryServices& services);

}  // namespace imp::registry
