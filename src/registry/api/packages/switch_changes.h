#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <utility>
#include <vector>

#include "registry/api/trust/trust_place.h"
#include "registry/packages/publish_switches.h"

namespace imp::registry {

/// What routes and pages do with the switches of a package or a scope. The second factor is the
/// caller's question, in between.

/// Switches to turn on (true) or to relax.
using SwitchWishes = std::vector<std::pair<PublishSwitch, bool>>;

/// What a second factor for them is for: "@acme/widget: turn off trusted publishing only".
std::string switch_subject(const TrustTarget& target, const SwitchWishes& wishes);

/// Those in force, for who governs the package or the scope; a scope's after the package's own.
/// package_not_found for a name without a package.
Result<std::vector<SwitchState>> switches_for(RegistryServices& services,
                                              const Requester& requester,
                                              const TrustTarget& target);

/// Changes them, all or none, with an audit record for each that changes; what is in force then.
/// SwitchRefusal::switch_of_scope for relaxing at a package what its scope insists on.
Result<std::vector<SwitchState>> set_switches(RegistryServices& services,
                                              const Requester& requester, const TrustTarget& target,
                                              const SwitchWishes& wishes);

/// {"trustedOnly": {"on", "scope", "setBy", "endsAt"}, …}: `scope` when the scope insists on it.
boost::json::object switches_json(const std::vector<SwitchState>& states);

}  // namespace imp::registry
