#pragma once

#include <boost/json/object.hpp>
#include <optional>

#include "sigstore/trusted_root.h"
#include "verify/release.h"
#include "verify/report.h"

namespace imp::verify {

/// Whether the material of a bundle names its signer by a certificate, as Sigstore's do and the
/// registry's own do not.
bool has_certificate(const boost::json::object& material);

/// "provenance", for each Sigstore bundle with a certificate that the registry lists: it holds
/// against the root and is about this tarball. Skipped without a root; what the registry says of it
/// counts for nothing.
void check_bundles(const boost::json::object& answer, const Release& release,
                   const std::optional<sigstore::TrustedRoot>& root, Report& report);

}  // namespace imp::verify
