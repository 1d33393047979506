#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "registry/publish/package_change.h"

namespace imp::registry {

/// Replaces the maintainers. A package that no organisation owns keeps at least one. Duplicates
/// count once.
Result<Changed> change_owners(db::Session& session, const PackageName& name,
                              const std::vector<Person>& maintainers, const Caller& caller,
                              Time now);

/// Somebody has left the organisation: they are no maintainer of its packages any more, whoever
/// made them one. The changed packages, whose cached packuments are to be invalidated.
std::vector<Package> leave_packages_of(db::Session& session, std::string_view organization,
                                       std::string_view person, Time now);

/// `POST /-/package/<p>/access`. Only scoped packages can be restricted.
Result<Changed> change_access(db::Session& session, const PackageName& name, Access access,
                              const Caller& caller, Time now);

}  // namespace imp::registry
