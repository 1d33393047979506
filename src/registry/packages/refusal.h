#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::registry {

/// Why a package could not be read or addressed.
enum class PackageRefusal : std::uint8_t {
  invalid_name,         ///< no package can have this name
  invalid_version,      ///< not a canonical SemVer 2.0 version
  invalid_tag,          ///< not usable as a dist-tag
  package_not_found,    ///< absent, or hidden from the caller
  version_not_found,    ///< the package has no such version, or no longer
  tag_not_found,        ///< the package has no such dist-tag
  not_signed_in,        ///< a change was asked for without a credential
  not_permitted,        ///< known caller without the right to change this package
  scope_not_permitted,  ///< the scope belongs to somebody else
  bad_key,              ///< the registry's signing key cannot be read
};
Reason reason(PackageRefusal refusal);

}  // namespace imp::registry
