#pragma once

#include "registry/trust/providers/provider.h"

namespace imp::trust {

/// Any OIDC issuer: what its tokens say is the publisher's business, who names each claim.
const Provider& generic();

/// Claims whose name says that they are a ref, a branch or a tag ("ref", "build_tag") may be
/// required by a pattern; all others are compared as they are.
const ClaimForm& form_of_open_claim(std::string_view name);

}  // namespace imp::trust
