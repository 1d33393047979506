#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <set>
#include <string>

namespace imp::registry {

/// What of a package.json decides what an installation does, with every legal spelling of the same
/// thing made equal.
struct InstallView {
  std::map<std::string, std::string> scripts;       ///< preinstall, install, postinstall
  std::map<std::string, std::string> dependencies;  ///< without those that are optional, too
  std::map<std::string, std::string> optional_dependencies;
  std::map<std::string, std::string> peer_dependencies;
  std::set<std::string> bundled;
  std::map<std::string, std::string> bin;
};

/// `implied_install`: a *.gyp file lies next to the package.json, so npm adds an install script.
InstallView install_view(const boost::json::object& package_json, bool implied_install);

}  // namespace imp::registry
