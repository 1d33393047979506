#pragma once

#include "registry/api/services.h"

namespace imp::registry {

/// Whoever is removed from an organisation stops maintaining its packages, in the same transaction:
/// or those who once published a first version could publish, and read what is restricted, for
/// ever. What else hung on them, and on an admin who becomes an ordinary member:
/// trust/departures.h. Once, before the server starts.
void follow_memberships(RegistryServices& services);

}  // namespace imp::registry
