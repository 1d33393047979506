#pragma once

#include <string_view>

#include "base/failure.h"
#include "registry/packages/package_name.h"
#include "registry/publish/publish_decoder.h"

namespace imp::registry {

/// Refuses a sigstore bundle that is attached under another name than that of this version's, or as
/// something else than a bundle. What it says, and who vouches for it, is judge_bundle()'s to see.
Result<void> check_provenance_attachment(const PublishDocument::Provenance& provenance,
                                         const PackageName& name, std::string_view version);

}  // namespace imp::registry
