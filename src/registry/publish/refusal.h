#pragma once

#include <cstdint>

#include "base/failure.h"

namespace imp::registry {

/// Why a publish, or a change of a published package, was refused.
enum class PublishRefusal : std::uint8_t {
  // the document
  malformed_json,      ///< not JSON, cut short, or followed by something
  duplicate_key,       ///< an object names a key twice
  too_deep,            ///< nested beyond the limit
  document_too_large,  ///< the part that is not the tarball is over its limit
  tarball_too_large,   ///< the decoded tarball is over its limit
  bad_base64,          ///< the attachment's data is not canonical base64
  missing_field,       ///< a required member is absent
  bad_field,           ///< a member has the wrong type or form
  // what it says about itself
  name_mismatch,     ///< address, name, _id and versions do not agree
  version_mismatch,  ///< versions does not hold exactly the one version it names
  not_canonical_version,
  not_one_tag,
  size_mismatch,        ///< attachment length against the bytes received
  integrity_mismatch,   ///< dist.integrity against the bytes received
  shasum_mismatch,      ///< dist.shasum against the bytes received
  restricted_unscoped,  ///< only scoped packages can be restricted
  manifest_too_large,
  bad_provenance,  ///< the sigstore bundle is not about this tarball
  // the tarball
  unreadable_tarball,
  unsafe_path,   ///< an entry that would leave the package's directory
  unsafe_entry,  ///< a link, device or other special entry
  too_many_files,
  unpacked_too_large,
  no_package_json,
  ambiguous_package_json,
  manifest_confusion,  ///< the tarball's package.json says something else than the manifest
  // the registry's state
  not_permitted,
  already_published,
  version_unpublished,
  version_staged,
  recently_unpublished,
  stale_revision,     ///< the package changed since the caller read it
  unexpected_change,  ///< a metadata document changes more than it may
  last_owner,         ///< a package must keep an owner
  latest_required,    ///< the dist-tag `latest` cannot be removed
};
Reason reason(PublishRefusal refusal);

}  // namespace imp::registry
