#pragma once

#include <string_view>

#include "registry/api/governed_place.h"
#include "registry/api/trust/trust_place.h"
#include "web/frame/visit.h"

namespace imp::web {

/// A package or an organisation that the visitor governs.
struct Governed {
  registry::Requester requester;
  registry::GovernedPlace place;
};
/// The one that the path names as {package} or {organization}.
Result<Governed> governed(const Visit& visit);
/// The same for a form that does `action`: who may not is counted and written down, as when they
/// try it over the API.
Result<Governed> governed_for(const Visit& visit, std::string_view action);

/// What trusted publishers hang on: also a name that no package has yet, and a scope.
struct GovernedTrust {
  registry::Requester requester;
  registry::TrustTarget target;
  registry::TrustPlace place;
};
/// The same of these.
Result<GovernedTrust> governed_trust(const Visit& visit);
Result<GovernedTrust> governed_trust_for(const Visit& visit, std::string_view action);

/// Passes on what such a form was refused afterwards, counted and written down likewise.
std::unexpected<Failure> refused(const Visit& visit, const Governed& by, std::string_view action,
                                 const Failure& failure);
std::unexpected<Failure> refused(const Visit& visit, const GovernedTrust& by,
                                 std::string_view action, const Failure& failure);

}  // namespace imp::web
