#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "registry/packages/access.h"

namespace imp::registry {

/// The row of one package.
struct Package {
  std::string id;                    ///< UUID
  std::string name;                  ///< unique
  std::optional<std::string> owner;  ///< id of the owning organisation
  Access access = Access::open;
  Time created;
  Time modified;
  std::int64_t revision = 0;           ///< grows with every change; `_rev` is made of it
  std::optional<Time> unpublished_at;  ///< all versions were unpublished together
};

enum class VersionState : std::uint8_t {
  published,
  unpublished,  ///< burnt: the number is never used again
  staged,       ///< reserved by a staged release
};

/// The words that the store keeps: "published", "unpublished", "staged".
std::string_view name(VersionState state);
/// An unknown word is read as unpublished: it shows nothing and blocks the number.
VersionState version_state_from(std::string_view word);

/// A version as far as documents need it. The texts are JSON objects, stored as they are spliced
/// in.
struct PackumentVersion {
  std::string version;
  VersionState state = VersionState::published;
  Time published_at;
  std::string manifest;     ///< without dist and deprecated
  std::string abbreviated;  ///< without dist and deprecated
  std::string dist;         ///< without tarball
  std::optional<std::string> deprecated;
  std::string sha512;  ///< the tarball's blob
  std::uint64_t size = 0;
};

/// Everything a packument is made of, from one snapshot of the store.
struct PackageSnapshot {
  Package package;
  std::vector<PackumentVersion> versions;  ///< published and unpublished ones, oldest first
  std::map<std::string, std::string> dist_tags;
  std::vector<Person> maintainers;
  std::string hoisted;  ///< of `latest`: a JSON object, or empty
  std::string readme;
  std::string readme_filename;

  PackageAccess access() const;
  bool has_published() const;
  /// The published version of that number, or null.
  const PackumentVersion* find(std::string_view version) const;
};

/// The optimistic lock of a package in CouchDB's form: "<revision>-<32 hexadecimal digits>".
std::string couch_rev(const Package& package);

/// The documents of `GET /<package>`. `public_url` is the registry's address without a trailing
/// slash; tarball addresses are made of it. Stored JSON is spliced, not parsed. A package whose
/// versions were all unpublished has `time.unpublished` and no `versions`.
std::string full_packument(const PackageSnapshot& snapshot, std::string_view public_url);
std::string abbreviated_packument(const PackageSnapshot& snapshot, std::string_view public_url);
/// The document of `GET /<package>/<version>`: one entry of the full packument's `versions`.
std::string full_manifest(const PackageName& name, const PackumentVersion& version,
                          std::string_view public_url);

/// True when an Accept header asks for the abbreviated form rather than for plain JSON (RFC 9110
/// §12.5.1: both must be named; the greater q wins, abbreviated when equal).
bool wants_abbreviated(std::string_view accept);

}  // namespace imp::registry
