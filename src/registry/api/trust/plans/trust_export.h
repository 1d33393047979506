#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "registry/api/requester.h"
#include "registry/api/services.h"

namespace imp::registry {

/// The publishers of everything that the requester governs and that has any, names that they
/// prepared included, as a plan takes them: {"scopes": [{"scope", "publishers"}], "packages":
/// [{"package", "publishers", "pending": true where there is no package yet}]}. With `scope`,
/// "@acme", only of that scope and of the packages in it.
Result<boost::json::object> export_trust(RegistryServices& services, const Requester& requester,
                                         const std::string& scope);

}  // namespace imp::registry
