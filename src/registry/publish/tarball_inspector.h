#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/failure.h"

namespace imp::registry {

struct TarballLimits {
  std::uint64_t entries = 100'000;
  std::uint64_t unpacked_bytes = 2ULL * 1024 * 1024 * 1024;
  /// Unpacked to packed; looked at once more than `ratio_floor` bytes are unpacked.
  std::uint64_t ratio = 250;
  std::uint64_t ratio_floor = 32ULL * 1024 * 1024;
  std::size_t package_json_bytes = 1024 * 1024;
};

/// What is in a package's tarball.
struct TarballContents {
  boost::json::object package_json;
  std::uint64_t file_count = 0;
  std::uint64_t unpacked_size = 0;
  bool has_gyp = false;          ///< a *.gyp next to package.json
  bool has_binding_gyp = false;  ///< npm runs node-gyp for this one
  bool has_shrinkwrap = false;
};

/// Gives the next bytes of the packed tarball; 0 at its end.
using TarballSource = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;

/// Reads a gzipped tar once from beginning to end, as npm would unpack it: the first component of
/// every path is dropped, whatever it is called. Entries that npm would skip or that would leave
/// the directory are refused, and so is anything that makes it unclear which package.json counts.
Result<TarballContents> inspect_tarball(const TarballSource& source, const TarballLimits& limits);

}  // namespace imp::registry
