#pragma once

#include <vector>

#include "sigstore/certificate.h"
#include "sigstore/trusted_root.h"

namespace imp::sigstore {

/// Whether the certificate carries a signed certificate timestamp (RFC 6962 §3.2, v1, for the
/// certificate before it was issued) of one of the logs, for this certificate and its issuer.
bool has_certificate_timestamp(const Certificate& certificate, const Certificate& issuer,
                               const std::vector<TrustedLog>& logs);

}  // namespace imp::sigstore
