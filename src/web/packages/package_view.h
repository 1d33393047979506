#pragma once

#include <optional>

#include "accounts/organization.h"
#include "registry/api/requester.h"
#include "registry/packages/store.h"
#include "web/frame/visit.h"

namespace imp::web {

/// A package as a visitor sees it.
struct PackageView {
  registry::PackageName name;
  registry::Requester requester;
  registry::PackageSnapshot package;
  bool writer = false;      ///< may publish, and so decide staged releases
  bool governs = false;     ///< may change who publishes it
  std::int64_t staged = 0;  ///< releases that wait; 0 for strangers
  std::string frozen = {};  ///< why an operator has closed it to changes; empty when it is open
  /// That owns it, for its members.
  std::optional<accounts::Organization> organization = {};
};

/// The package that the path names. One that is hidden from the visitor, or has no version and is
/// not theirs, does not exist.
Result<PackageView> package_view(const Visit& visit);

}  // namespace imp::web
