#pragma once

#include "registry/trust/providers/provider.h"

namespace imp::trust {

/// Tokens of CircleCI's shape, from CircleCI, a CircleCI Server or this server's own CI. There is
/// an issuer for each organisation and a root issuer for all of them.
const Provider& circleci();

}  // namespace imp::trust
