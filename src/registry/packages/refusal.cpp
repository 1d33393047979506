#include "registry/packages/refusal.h"

namespace imp::registry {

Reason reason(PackageRefusal refusal) {
  switch (refusal) {
    case PackageRefusal::invalid_name:
      return {"invalid_package_name", FailureKind::invalid};
    case PackageRefusal::invalid_version:
      return {"invalid_version", FailureKind::invalid};
    case PackageRefusal::invalid_tag:
      return {"invalid_dist_tag", FailureKind::invalid};
    case PackageRefusal::package_not_found:
      return {"package_not_found", FailureKind::not_found};
    case PackageRefusal::version_not_found:
      return {"version_not_found", FailureKind::not_found};
    case PackageRefusal::tag_not_found:
      return {"dist_tag_not_found", FailureKind::not_found};
    case PackageRefusal::not_signed_in:
      return {"not_signed_in", FailureKind::unauthenticated};
    case PackageRefusal::not_permitted:
      return {"package_not_permitted", FailureKind::forbidden};
    case PackageRefusal::scope_not_permitted:
      return {"scope_not_permitted", FailureKind::forbidden};
    case PackageRefusal::bad_key:
      return {"registry_key_unreadable", FailureKind::internal};
  }
  return {"package_refused", FailureKind::internal};
}

}  // namespace imp::registry
