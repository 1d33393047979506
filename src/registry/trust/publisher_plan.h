#pragma once

#include <string>
#include <vector>

#include "registry/trust/publisher.h"

namespace imp::trust {

/// A publisher that is wanted with other permissions, or with other identifiers behind its names.
/// The publish tokens that it got end; what it has learnt stays.
struct PublisherChange {
  TrustedPublisher from;
  PublisherRequest to;
};

/// What has to be done so that a package has the publishers that are wanted.
struct PublisherPlan {
  std::vector<PublisherRequest> add;
  std::vector<PublisherChange> change;
  std::vector<TrustedPublisher> extra;  ///< there, and not wanted
  std::size_t kept = 0;                 ///< there, as wanted
};

/// `duplicate_publisher` when one is wanted twice. One that is there several times, as several
/// people prepared it, is wanted each time.
Result<PublisherPlan> plan_publishers(const std::vector<TrustedPublisher>& existing,
                                      const std::vector<PublisherRequest>& wanted);

}  // namespace imp::trust
