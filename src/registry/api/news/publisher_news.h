#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "base/clock.h"
#include "db/database.h"
#include "registry/api/services.h"
#include "registry/trust/publisher.h"

namespace imp::registry {

/// Tells the webhooks of the package, or of the scope, that a publisher hangs on; nobody of one
/// that waits for a package: what a person prepares is theirs alone. `data` is the event's data but
/// for `publisher` (news/hook_events.h).
void tell_publisher_hooks(db::Session& session, const RegistryServices& services,
                          const trust::TrustedPublisher& publisher, std::string_view type,
                          boost::json::object data, Time now);

}  // namespace imp::registry
