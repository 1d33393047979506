#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/api/trust/trust_place.h"
#include "registry/trust/publisher.h"
#include "registry/trust/publisher_end.h"

namespace imp::registry {

/// What a second factor for a change of trusted publishers is for (change_subject.h): each with its
/// issuer, its claims and what it may do.

/// Of those that are to be added: "@acme/widget: github at https://… may createPackage, repository
/// …".
std::string publishers_subject(const TrustTarget& target,
                               const std::vector<trust::PublisherRequest>& requests,
                               const trust::Issuers& issuers);
/// Of one that is there or has ended there, and of that one alone: it has its id, too.
std::string publisher_subject(const TrustTarget& target, const trust::TrustedPublisher& publisher,
                              const trust::Issuers& issuers);
/// The same by its id; of what the caller may not see, or is not there, the id alone.
Result<std::string> publisher_subject(RegistryServices& services, const TrustTarget& target,
                                      const TrustPlace& place, const Caller& caller,
                                      std::string_view id);

}  // namespace imp::registry
