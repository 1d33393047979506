#pragma once

#include <string_view>

#include "base/failure.h"
#include "registry/packages/package_name.h"
#include "registry/publish/publish_decoder.h"

namespace imp::registry {

/// Refuses a sigstore bundle whose in-toto statement is about another package, version or tarball.
/// The bundle's signatures and certificates are not verified here: that is what its readers do.
Result<void> check_provenance_subject(const PublishDocument::Provenance& provenance,
                                      const PackageName& name, std::string_view version,
                                      std::string_view sha512_hex);

}  // namespace imp::registry
