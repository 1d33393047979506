#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "registry/packages/manifest.h"
#include "registry/packages/packument.h"

namespace imp::registry {

/// A version number of a package is one row, whatever became of it: published, staged or burnt. The
/// row's unique key is what keeps a number from being used twice.
struct VersionRecord {
  std::string package_id;
  std::string version;
  VersionState state = VersionState::published;
  Time published_at;
  std::string manifest;  ///< JSON texts as in PackumentVersion
  std::string abbreviated;
  std::string dist;
  std::string hoisted;
  std::string readme;
  std::string readme_filename;
  std::string npm_user;    ///< the JSON of `_npmUser`
  std::string provenance;  ///< the sigstore bundle that came with it, or empty
  TarballFacts tarball;
  std::optional<std::string> deprecated;
  std::string stage_id;  ///< the staged release that holds the number, or empty
};

std::optional<VersionRecord> find_version(db::Session& session, std::string_view package_id,
                                          std::string_view version);
/// Published, unpublished and staged versions with their states; the texts are left out.
struct VersionLine {
  std::string version;
  VersionState state = VersionState::published;
  Time published_at;
  std::optional<std::string> deprecated;
  std::string npm_user;
  std::uint64_t size = 0;
};
std::vector<VersionLine> versions_of(db::Session& session, std::string_view package_id);

/// Adds the row; false when the number is taken.
bool insert_version(db::Session& session, const VersionRecord& record);
/// Overwrites the row of a staged version with its published form.
void replace_version(db::Session& session, const VersionRecord& record);
/// Turns a published version into a burnt number: texts and tarball reference go, the number stays.
void burn_version(db::Session& session, std::string_view package_id, std::string_view version);
void write_deprecated(db::Session& session, std::string_view package_id, std::string_view version,
                      const std::optional<std::string>& message);

/// Reserves a number for a staged release; false when it is taken.
bool reserve_version(db::Session& session, std::string_view package_id, std::string_view version,
                     std::string_view stage_id, Time now);
/// Gives a reserved number back (rejected, expired). Does nothing to a published or burnt one, nor
/// to another release's.
void release_version(db::Session& session, std::string_view package_id, std::string_view version,
                     std::string_view stage_id);

/// True when a published version refers to this blob.
bool tarball_in_use(db::Session& session, std::string_view sha512);

}  // namespace imp::registry
