#pragma once

#include <string>

#include "registry/provenance/ci_identity.h"
#include "sigstore/certificate.h"

namespace imp::registry {

/// In what the holder of a signer's certificate differs from the CI identity that uploads, in a
/// sentence; empty when they agree. The issuer must be the same. Of what the run's token names
/// (repository, commit and workflow of GitHub; project, commit and configuration of GitLab) the
/// certificate must name the same; a certificate that leaves one of these out does not agree.
std::string signer_disagrees(const sigstore::SignerIdentity& signer, const CiIdentity& identity);

}  // namespace imp::registry
