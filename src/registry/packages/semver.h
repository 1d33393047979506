#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imp::registry {

/// A version of Semantic Versioning 2.0.0 (semver.org) with npm's limits: at most 256 characters,
/// numbers up to 2^53 - 1.
struct SemVer {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::uint64_t patch = 0;
  std::vector<std::string> prerelease;  ///< identifiers after '-'
  std::string build;                    ///< after '+', without it; no part of the precedence

  /// Exactly the grammar: no leading 'v', no blanks, no leading zeros.
  static std::optional<SemVer> parse(std::string_view text);
  /// Like npm's `semver.clean`: leading and trailing blanks and a leading '=' or 'v' are ignored.
  static std::optional<SemVer> clean(std::string_view text);

  bool is_prerelease() const { return !prerelease.empty(); }
  /// Without build metadata: "1.2.3-rc.1".
  std::string text() const;
};

/// Precedence (semver.org, item 11). Build metadata does not count.
std::strong_ordering compare(const SemVer& a, const SemVer& b);

/// True for a version as it is stored: valid, without build metadata, written the one canonical
/// way.
bool is_canonical_version(std::string_view text);

/// True for what npm reads as a range of versions ("x", "1", "v1.4", "^1.2", ">=1 <2", "1 - 2", "",
/// "1 || 2"): such a text cannot be a dist-tag.
bool is_version_range(std::string_view text);

}  // namespace imp::registry
