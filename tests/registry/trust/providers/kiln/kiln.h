#pragma once

#include "registry/trust/providers/provider.h"

namespace imp::trust {

/// What Kiln says of its jobs.
const Provider& kiln();

}  // namespace imp::trust
