#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"
#include "tlog/note.h"

namespace imp::app {

// Proofs of the audit log, checked with nothing but the log's verifier key. Each tells what it
// proves in lines for people, or refuses.

/// A tlog-proof with its record, as `audit prove` and GET /-/audit/proof/{sequence} give it: the
/// first line is the record as JSON, in the form of `audit export` without its hash.
Result<std::string> check_inclusion_file(std::string_view text,
                                         const std::vector<tlog::VerifierKey>& keys);

/// The JSON of GET /-/audit/consistency with its checkpoint, against an older checkpoint.
Result<std::string> check_consistency_file(std::string_view text, std::string_view since,
                                           const std::vector<tlog::VerifierKey>& keys);

}  // namespace imp::app
