#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <string_view>

#include "base/failure.h"

namespace imp::trust {

/// What a publisher's tokens may do. The names on the wire are npm's.
struct Permissions {
  bool create_package = false;         ///< createPackage: npm publish
  bool create_staged_package = false;  ///< createStagedPackage: npm stage publish
  bool manage_dist_tags = false;       ///< manageDistTags: npm dist-tag

  /// From the `permissions` array of a trust request. At least one is needed and unknown ones are
  /// refused (TrustRefusal::invalid_permissions). createPackage brings createStagedPackage, as on
  /// npm: who may publish at once may also ask for approval.
  static Result<Permissions> parse(const boost::json::value* permissions);
  boost::json::array to_json() const;
  /// One word for tables: the names joined by commas; parse_stored() reads it back.
  std::string stored() const;
  static Permissions parse_stored(std::string_view text);

  bool operator==(const Permissions&) const = default;
};

}  // namespace imp::trust
