#pragma once

#include <vector>

#include "sigstore/bundle.h"
#include "sigstore/trusted_root.h"

namespace imp::sigstore {

/// That one of the logs took the entry in at its time: the promise (signed entry timestamp), which
/// alone vouches for the time, and the inclusion proof with its checkpoint where there is one
/// (parse_bundle() demands it but for v0.1). SigstoreRefusal::not_verified says what does not hold.
Result<void> check_log_entry(const LogEntry& entry, const std::vector<TrustedLog>& logs);

/// That the entry is about this bundle: its signature, its payload and its signer's certificate.
/// Kinds "dsse" 0.0.1 and "intoto" 0.0.2.
Result<void> check_entry_body(const LogEntry& entry, const Bundle& bundle);

}  // namespace imp::sigstore
