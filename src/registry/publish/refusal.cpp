#include "registry/publish/refusal.h"

namespace imp::registry {

Reason reason(PublishRefusal refusal) {
  using enum PublishRefusal;
  switch (refusal) {
    case malformed_json:
      return {"malformed_json", FailureKind::invalid};
    case duplicate_key:
      return {"duplicate_key", FailureKind::invalid};
    case too_deep:
      return {"document_too_deep", FailureKind::invalid};
    case document_too_large:
      return {"document_too_large", FailureKind::too_large};
    case tarball_too_large:
      return {"tarball_too_large", FailureKind::too_large};
    case bad_base64:
      return {"bad_base64", FailureKind::invalid};
    case missing_field:
      return {"missing_field", FailureKind::invalid};
    case bad_field:
      return {"bad_field", FailureKind::invalid};
    case name_mismatch:
      return {"name_mismatch", FailureKind::unprocessable};
    case version_mismatch:
      return {"version_mismatch", FailureKind::unprocessable};
    case not_canonical_version:
      return {"version_not_canonical", FailureKind::invalid};
    case not_one_tag:
      return {"not_one_dist_tag", FailureKind::invalid};
    case size_mismatch:
      return {"size_mismatch", FailureKind::unprocessable};
    case integrity_mismatch:
      return {"integrity_mismatch", FailureKind::unprocessable};
    case shasum_mismatch:
      return {"shasum_mismatch", FailureKind::unprocessable};
    case restricted_unscoped:
      return {"restricted_unscoped", FailureKind::invalid};
    case manifest_too_large:
      return {"manifest_too_large", FailureKind::too_large};
    case bad_provenance:
      return {"provenance_mismatch", FailureKind::unprocessable};
    case unreadable_tarball:
      return {"tarball_unreadable", FailureKind::unprocessable};
    case unsafe_path:
      return {"tarball_unsafe_path", FailureKind::unprocessable};
    case unsafe_entry:
      return {"tarball_unsafe_entry", FailureKind::unprocessable};
    case too_many_files:
      return {"tarball_too_many_files", FailureKind::too_large};
    case unpacked_too_large:
      return {"tarball_unpacks_too_large", FailureKind::too_large};
    case no_package_json:
      return {"tarball_without_package_json", FailureKind::unprocessable};
    case ambiguous_package_json:
      return {"tarball_ambiguous_package_json", FailureKind::unprocessable};
    case manifest_confusion:
      return {"manifest_confusion", FailureKind::unprocessable};
    case not_permitted:
      return {"publish_not_permitted", FailureKind::forbidden};
    case already_published:
      return {"version_already_published", FailureKind::forbidden};
    case version_unpublished:
      return {"version_unpublished", FailureKind::forbidden};
    case version_staged:
      return {"version_staged", FailureKind::conflict};
    case recently_unpublished:
      return {"package_recently_unpublished", FailureKind::forbidden};
    case stale_revision:
      return {"stale_revision", FailureKind::conflict};
    case unexpected_change:
      return {"unexpected_change", FailureKind::unprocessable};
    case last_owner:
      return {"last_owner", FailureKind::conflict};
    case latest_required:
      return {"latest_required", FailureKind::invalid};
  }
  return {"publish_refused", FailureKind::internal};
}

}  // namespace imp::registry
