#pragma once

#include "registry/trust/providers/provider.h"

namespace imp::trust {

/// What GitLab CI/CD says of its jobs: gitlab.com, and self-managed servers.
const Provider& gitlab();

}  // namespace imp::trust
