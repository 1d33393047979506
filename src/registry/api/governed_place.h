#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/request.h"
#include "registry/api/requester.h"
#include "registry/api/services.h"

namespace imp::registry {

/// A package or an organisation, for somebody who governs it: what can be set for both alike
/// (webhooks, the policy of staged releases).
struct GovernedPlace {
  enum class Kind : std::uint8_t { package, organization } kind = Kind::package;
  std::string id;                           ///< the package's or the organisation's
  std::string name;                         ///< for people: "@acme/lib" or "acme"
  std::optional<std::string> organization;  ///< whose administrators see the audit records
  std::string subject() const;              ///< "package:@acme/lib"
};

/// For maintainers and admins of the owning organisation; package_not_found and the like.
Result<GovernedPlace> governed_place(RegistryServices& services, const Requester& requester,
                                     const PackageName& package);
/// For admins of the organisation; it does not exist for people outside it.
Result<GovernedPlace> governed_organization(RegistryServices& services, const Requester& requester,
                                            std::string_view name);
/// The one that the route captured as {package} or {organization}.
Result<GovernedPlace> addressed_place(RegistryServices& services, const Requester& requester,
                                      const http::Request& request);

/// The requester's rights as they are now, when they still govern the place; asked inside the
/// transaction of a change.
Result<Caller> still_governs(db::Session& session, const Requester& requester,
                             const GovernedPlace& place, Time now);

}  // namespace imp::registry
