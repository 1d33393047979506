#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "dsse/statement.h"
#include "sigstore/bundle.h"
#include "sigstore/certificate.h"
#include "sigstore/trusted_root.h"

namespace imp::sigstore {

/// A bundle that holds.
struct VerifiedBundle {
  dsse::Statement statement;
  SignerIdentity identity;
  Time signed_at;                        ///< when the log took it in
  std::vector<std::string> not_checked;  ///< for want of anything configured to check it with
};

/// Checks the bundle against the root, offline:
///  - an entry of a configured log with its signed entry timestamp, and inclusion proof where there
///    is one; every entry must hold, and be about this very envelope and certificate;
///  - the certificate's chain to a configured authority, at the time of every entry;
///  - a certificate timestamp, where certificate logs are configured;
///  - the envelope's signature by the certificate's key;
///  - the payload is an in-toto statement.
/// Whether the statement is about the right artifact, and the identity the right one, is the
/// caller's to see. SigstoreRefusal::not_verified says which check failed.
Result<VerifiedBundle> verify_bundle(const Bundle& bundle, const TrustedRoot& root);

}  // namespace imp::sigstore
