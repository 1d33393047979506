#pragma once

#include <boost/json/array.hpp>
#include <vector>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/api/trust/trust_place.h"
#include "registry/packages/package_name.h"
#include "registry/packages/packument.h"
#include "registry/trust/publisher.h"
#include "registry/trust/publisher_plan.h"

namespace imp::registry {

/// What both npm's trust endpoints and the pages do with a package's trusted publishers. The second
/// factor is the caller's question, asked in the form that its client understands, in between.

/// The package, for a person who governs it by a credential that may: package_not_found for people
/// it is hidden from.
Result<Package> governed_package(RegistryServices& services, const Requester& requester,
                                 const PackageName& name);

/// Takes in issuers that were changed since, here or by the command line.
Result<void> refresh_issuers(const RegistryServices& services);

/// Reads the configurations that are asked for: 1 to trust::kMaxPublishers elements of the array
/// that npm posts. Those without an issuer get this server's own for its own organisations.
Result<std::vector<trust::PublisherRequest>> read_publisher_requests(
    RegistryServices& services, const boost::json::array& items);

/// One publisher of a governed place with its audit record, inside a transaction.
Result<trust::TrustedPublisher> add_publisher_in(db::Session& session, RegistryServices& services,
                                                 const Requester& requester,
                                                 const TrustTarget& target, const TrustPlace& place,
                                                 const trust::PublisherRequest& request, Time now);
trust::TrustedPublisher change_publisher_in(db::Session& session, RegistryServices& services,
                                            const Requester& requester, const TrustTarget& target,
                                            const TrustPlace& place,
                                            const trust::PublisherChange& change, Time now);
Result<trust::TrustedPublisher> remove_publisher_in(
    db::Session& session, RegistryServices& services, const Requester& requester,
    const TrustTarget& target, const TrustPlace& place, std::string_view id, Time now);

/// Adds all or none, with an audit record for each. The right is asked again in the transaction: it
/// may have gone while the code was typed. To a name without a package they are pending, at most
/// trust::kMaxPendingOfPerson of one person.
Result<std::vector<trust::TrustedPublisher>> add_publishers(
    RegistryServices& services, const Requester& requester, const TrustTarget& target,
    const std::vector<trust::PublisherRequest>& requests);

/// Removes one and the publish tokens that it got, with its audit record.
Result<trust::TrustedPublisher> remove_publisher(RegistryServices& services,
                                                 const Requester& requester,
                                                 const TrustTarget& target,
                                                 std::string_view publisher_id);

}  // namespace imp::registry
