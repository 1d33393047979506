#pragma once

#include "ci/api/endpoint.h"
#include "ci/contexts/restrictions.h"

namespace imp::ci {

/// The context of the path for somebody who may change its variables or delete it: an admin of the
/// organisation, or a member of one of the groups that it is restricted to.
Result<Context> context_for_change(const Call& call);

/// The context of the path for an admin of its organisation: who changes restrictions decides who
/// gets the secrets.
Result<Context> context_for_admin(const Call& call);

/// Adds a restriction to that context. A group is named by its id, by its name, or, for "All
/// members", by the organisation's id; groups and projects must be the organisation's own.
Result<Restriction> add_restriction(const Call& call, const Context& context,
                                    NewRestriction restriction);

}  // namespace imp::ci
