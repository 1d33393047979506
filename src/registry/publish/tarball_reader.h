#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/failure.h"
#include "registry/publish/entry_path.h"

namespace imp::registry {

/// Gives the next bytes of the packed tarball; 0 at its end.
using TarballSource = std::function<Result<std::size_t>(std::span<std::uint8_t>)>;

struct TarballLimits {
  std::uint64_t entries = 100'000;
  std::uint64_t unpacked_bytes = 2ULL * 1024 * 1024 * 1024;
  /// Unpacked to packed; looked at once more than `ratio_floor` bytes are unpacked.
  std::uint64_t ratio = 250;
  std::uint64_t ratio_floor = 32ULL * 1024 * 1024;
  std::size_t package_json_bytes = 1024 * 1024;  ///< for whoever keeps it
};

/// Reads the files of a gzipped tar one after the other, from beginning to end, as npm would unpack
/// them. Entries that npm would skip or that would leave the directory are refused, and so is what
/// different unpackers read differently (tar_guard.h) and what grows beyond the limits.
class TarballReader {
 public:
  /// `source` must outlive the reader.
  TarballReader(const TarballSource& source, const TarballLimits& limits);
  ~TarballReader();

  /// The next file; nothing at the end. What was not read of the one before is skipped.
  Result<std::optional<EntryPath>> next();
  /// Reads the file that next() gave, in pieces; a failure of `tell` ends it. Its unpacked size,
  /// which is larger than what was told for a sparse file.
  Result<std::uint64_t> read(const std::function<Result<void>(std::string_view)>& tell);
  /// Of all the files that were read.
  std::uint64_t unpacked() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace imp::registry
