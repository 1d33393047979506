#pragma once

#include <optional>
#include <vector>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/trust/publisher_end.h"
#include "registry/trust/publisher_place.h"

namespace imp::registry {

/// Whether a publish token may create the package of its name: nothing when there is such a package
/// already, or when its publisher belongs to one; else as trust::may_create_package().
Result<std::optional<trust::Creation>> creation_by(db::Session& session,
                                                   const trust::PublishToken& token,
                                                   const PackageName& name);

/// In the transaction that creates a package: trust::settle_pending() with its audit records.
void settle_pending_publishers(db::Session& session, const RegistryServices& services,
                               const Requester& requester, const Package& package, Time now);

/// In the transaction that removes a member: what they prepared in the organisation's scope goes.
void end_pending_of_member(db::Session& session, const RegistryServices& services,
                           const accounts::Organization& organization,
                           const accounts::Person& person, const accounts::Actor& actor, Time now);

/// What one person prepared for packages that do not exist: what waits, and what ended lately.
struct Prepared {
  std::vector<trust::TrustedPublisher> waiting;
  std::vector<trust::EndedPublisher> ended;
};
Result<Prepared> prepared_by(RegistryServices& services, const Requester& requester);

/// Ends the publishers whose time is over, and warns, once, of those whose time is nearly over,
/// with their audit records (news/publisher_news.h). Call now and then.
Result<void> expire_publishers(RegistryServices& services);

}  // namespace imp::registry
