#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

namespace imp::registry {

/// One difference between two manifests. Empty text: absent.
struct ManifestChange {
  std::string what;  ///< "script postinstall", "dependency left-pad"
  std::string before, after;
  bool warning = false;  ///< code that runs when the package is installed
};

/// What somebody who approves a release should look at: scripts, dependencies, programs and the
/// ways in. Pure.
std::vector<ManifestChange> manifest_changes(const boost::json::object& before,
                                             const boost::json::object& after);

}  // namespace imp::registry
