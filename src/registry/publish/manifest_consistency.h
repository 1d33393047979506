#pragma once

#include <boost/json/object.hpp>

#include "base/failure.h"
#include "registry/publish/tarball_inspector.h"

namespace imp::registry {

/// Refuses a manifest that promises something else than the tarball holds ("manifest confusion"):
/// name, version, install scripts, dependencies of every kind that is installed, bundled
/// dependencies, and bin. What npm normalises on the way is not a difference: `bin` as a string,
/// dependencies listed as optional too, git shorthands, `node_modules/.bin/` in scripts, the
/// install script that a *.gyp file implies, `bundleDependencies` as a boolean, build metadata in
/// the version.
Result<void> check_consistency(const boost::json::object& manifest,
                               const TarballContents& contents);

}  // namespace imp::registry
