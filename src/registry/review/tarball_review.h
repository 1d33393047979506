#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/failure.h"
#include "registry/publish/tarball_reader.h"
#include "registry/review/line_diff.h"

namespace imp::registry {

/// What one review may cost. It says what it left out.
struct ReviewLimits {
  TarballLimits read;                      ///< of each tarball; beyond, there is no review
  std::uint64_t text_bytes = 256 * 1024;   ///< of a file that is compared line by line
  std::uint64_t kept_bytes = 16ULL << 20;  ///< of all texts in memory at once
  std::size_t files = 5'000;               ///< changes that are listed
  std::size_t name_bytes = 32UL << 20;     ///< of all paths; beyond, there is no review
  std::size_t path_bytes = 400;            ///< of a path as it is shown
  DiffLimits diff = {};
  DiffBudget budget = {};
};

/// One file that is not the same in both tarballs.
struct FileChange {
  enum class What : std::uint8_t { added, removed, changed };
  What what = What::changed;
  std::string path;          ///< below the package's directory, printable
  std::uint64_t before = 0;  ///< bytes
  std::uint64_t after = 0;
  bool binary = false;             ///< has a NUL byte
  bool minified = false;           ///< written by a tool, with lines that nobody reads
  bool hidden_characters = false;  ///< reads differently from what runs; see line_diff.h
  bool repeated = false;           ///< more than once in the new tarball; the last one counts
  std::vector<DiffHunk> hunks;     ///< empty when it was not compared
  std::string left_out;            ///< a sentence: why not all of the difference is here
};
std::string_view name(FileChange::What what);

struct TarballReview {
  std::vector<FileChange> files;  ///< package.json first, then by path
  std::uint64_t added = 0;        ///< how many, listed or not
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t unpacked_before = 0;  ///< bytes
  std::uint64_t unpacked_after = 0;
  std::vector<std::string> notes;  ///< sentences: what is not in this review
};

/// Opens a tarball from its beginning; a review reads each twice.
using OpenTarball = std::function<Result<TarballSource>()>;

/// Compares a tarball with the one before it, or with nothing when `before` is empty: then every
/// file is an added one. Pure but for what the sources do. Memory depends on the limits and on how
/// many files there are, not on how large they are.
Result<TarballReview> review_tarballs(const OpenTarball& before, const OpenTarball& after,
                                      const ReviewLimits& limits);

}  // namespace imp::registry
