#pragma once

#include <boost/json/array.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "registry/api/requester.h"
#include "registry/api/services.h"
#include "registry/trust/publisher_place.h"

namespace imp::registry {

/// What somebody asks to change the trusted publishers of: a name, whether or not there is such a
/// package, or an organisation's scope.
struct ScopeOf {
  std::string organization;  ///< its name
};
using TrustTarget = std::variant<PackageName, ScopeOf>;
/// What the route names: {organization}, or {package}.
Result<TrustTarget> addressed_target(const http::Request& request);
/// "@acme/widget", or "@acme" for a scope: the subject of a second factor.
std::string text_of(const TrustTarget& target);
/// "package:@acme/widget" or "organization:acme": the subject of audit records.
std::string subject_of(const TrustTarget& target);

/// The same, looked up for somebody who governs it.
struct TrustPlace {
  std::string place;  ///< TrustedPublisher::package_id
  trust::PlaceKind kind = trust::PlaceKind::package;
  std::optional<std::string> organization;  ///< id of the one that owns it
  bool every_maker = true;  ///< false: only the person's own pending ones are theirs to see
};
/// Packages: their maintainers and the admins of their organisation. Names without one: who may
/// create the package; admins of its organisation see what others prepared. Scopes: admins of the
/// organisation. To anybody else, what is hidden does not exist.
Result<TrustPlace> governed_place(db::Session& session, const Caller& caller,
                                  const TrustTarget& target);
/// governed_place() as it was when the request came, for a credential that governs.
Result<TrustPlace> governed_place(RegistryServices& services, const Requester& requester,
                                  const TrustTarget& target);

/// What hangs there and may be removed there, in the order in which tokens are held against it.
std::vector<trust::TrustedPublisher> publishers_at(db::Session& session, const TrustPlace& place,
                                                   const Caller& caller);
/// Whether somebody who governs the place may see a publisher of its name, also one that is no
/// more.
bool sees(const TrustPlace& place, const Caller& caller, const trust::TrustedPublisher& publisher);
/// What comes after them: for names, the publishers of their organisation's scope.
std::vector<trust::TrustedPublisher> publishers_above(db::Session& session,
                                                      const TrustPlace& place);

}  // namespace imp::registry
