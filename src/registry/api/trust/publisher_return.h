#pragma once

#include <boost/json/array.hpp>
#include <string_view>
#include <vector>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/api/trust/trust_place.h"
#include "registry/trust/publisher_end.h"

namespace imp::registry {

/// Keeping what somebody added who has left, and adding again what ended. The second factor is the
/// caller's question, as for trust_changes.h.

/// What ended there within trust::kEndedKept, the newest first: of a pending name, what the caller
/// may see.
std::vector<trust::EndedPublisher> ended_at(db::Session& session, const TrustPlace& place,
                                            const Caller& caller);

/// The caller answers for a publisher of a package or a scope from now on, as if they had added it.
/// publisher_not_found; invalid_publisher for what waits for a package, which is its maker's.
Result<trust::TrustedPublisher> keep_publisher(RegistryServices& services,
                                               const Requester& requester,
                                               const TrustTarget& target, std::string_view id);

/// Adds one that ended again: with its claims, what they had learnt, and its permissions, as a new
/// one of the caller, with the rules of new ones. publisher_not_found.
Result<trust::TrustedPublisher> restore_publisher(RegistryServices& services,
                                                  const Requester& requester,
                                                  const TrustTarget& target, std::string_view id);

}  // namespace imp::registry
