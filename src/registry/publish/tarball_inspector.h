#pragma once

#include <boost/json/object.hpp>
#include <cstdint>

#include "base/failure.h"
#include "registry/publish/tarball_reader.h"

namespace imp::registry {

/// What is in a package's tarball.
struct TarballContents {
  boost::json::object package_json;
  std::uint64_t file_count = 0;
  std::uint64_t unpacked_size = 0;
  bool has_gyp = false;          ///< a *.gyp next to package.json
  bool has_binding_gyp = false;  ///< npm runs node-gyp for this one
  bool has_shrinkwrap = false;
};

/// Reads a gzipped tar once from beginning to end, as npm would unpack it: the first component of
/// every path is dropped, whatever it is called. Entries that npm would skip or that would leave
/// the directory are refused, and so is anything that makes it unclear which package.json counts.
Result<TarballContents> inspect_tarball(const TarballSource& source, const TarballLimits& limits);

}  // namespace imp::registry
