#pragma once

#include <string>
#include <string_view>

#include "accounts/actor.h"
#include "accounts/organization.h"
#include "accounts/person.h"
#include "base/clock.h"
#include "db/database.h"
#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/api/trust/trust_place.h"
#include "registry/packages/packument.h"
#include "registry/trust/publisher.h"

namespace imp::registry {

/// What hangs on people and goes, or is shown, when they go: docs/decisions/departures.md.

/// Whoever has maintained a package for less than this has not had it before: so one who adds
/// another and leaves the next day has given it away.
inline constexpr Milliseconds kTakenOver = std::chrono::days(30);

/// In the transaction in which `npm owner` changed the maintainers. Of a package that no
/// organisation owns and that nobody has maintained for kTakenOver, the publishers that none of its
/// maintainers made or kept end (EndReason::transferred). Of others, those whose makers may not
/// govern the package any more end in trust::kLeftLife, unless somebody keeps them. Its webhooks
/// whose authors may not govern it any more pause, before anybody is told of this. With an audit
/// record for each.
void settle_new_owners(db::Session& session, const RegistryServices& services,
                       const Requester& requester, const Package& package, Time now);

/// In the transaction that removes a member from an organisation, after their place in its packages
/// went: the publishers of its scope that they made end (EndReason::maker_left), and their webhooks
/// of the organisation and of its packages pause. What they added to packages that they may not
/// govern any more ends in trust::kLeftLife, unless somebody keeps it. With an audit record for
/// each.
void settle_departure(db::Session& session, const RegistryServices& services,
                      const accounts::Organization& organization, const accounts::Person& person,
                      const accounts::Actor& actor, Time now);

/// In the transaction that makes an admin of an organisation an ordinary member. What they set up
/// stays the organisation's, but they answer for it no more: their publishers of its scope, and of
/// its packages that they may not govern any more, end in trust::kLeftLife, unless somebody keeps
/// them, and such webhooks pause. With an audit record for each.
void settle_demotion(db::Session& session, const RegistryServices& services,
                     const accounts::Organization& organization, const accounts::Person& person,
                     const accounts::Actor& actor, Time now);

/// Whether the one who made or kept a publisher of this place has left since, or may not govern it
/// any more. Pending ones are their maker's own.
bool maker_left(db::Session& session, const TrustPlace& place,
                const trust::TrustedPublisher& publisher);

}  // namespace imp::registry
