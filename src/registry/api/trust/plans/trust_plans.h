#pragma once

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/api/trust/plans/trust_plan_request.h"

namespace imp::registry {

/// Finds out what there is to do, in one snapshot. A package or scope that the requester does not
/// govern is refused, and a name without a package that they may not prepare, or not any more of.
Result<void> plan_trust(RegistryServices& services, const Requester& requester,
                        PlanRequest& request);

/// Does it: each entry whole or not at all, with an audit record for each publisher. What an entry
/// is refused, now or in the plan, is its own, and is counted and written down as every refusal is;
/// the others are done. Rights and publishers are looked at again inside the transactions, and the
/// plans become what was done.
void apply_trust(RegistryServices& services, const Requester& requester, PlanRequest& request);

}  // namespace imp::registry
