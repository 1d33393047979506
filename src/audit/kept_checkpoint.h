#pragma once

#include <vector>

#include "audit/tree_tables.h"
#include "base/failure.h"
#include "tlog/note.h"

namespace imp::audit {

/// Whether the checkpoint that is kept beside the tree is of this very tree, and signed by one of
/// the keys; TreeRefusal::damaged says what it is instead.
Result<void> check_kept(const TreeState& tree, const std::vector<tlog::VerifierKey>& keys);

/// Keys whose private half the master key opens: public halves in the table prove nothing.
std::vector<tlog::VerifierKey> verifiers_of(const std::vector<tlog::NoteSigner>& signers);

}  // namespace imp::audit
