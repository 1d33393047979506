#pragma once

#include "registry/trust/providers/provider.h"

namespace imp::trust {

/// What GitHub Actions says of its jobs: github.com, and Enterprise Servers.
const Provider& github();

}  // namespace imp::trust
