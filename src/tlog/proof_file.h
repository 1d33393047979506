#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/failure.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"

namespace imp::tlog {

/// A proof that can be checked without the log: C2SP tlog-proof.
struct ProofFile {
  std::optional<std::string> extra;  ///< bytes; proven by nothing but their use as the entry
  std::uint64_t index = 0;
  Hashes hashes;           ///< from the leaf's sibling to a child of the root
  std::string checkpoint;  ///< the signed note, word for word
};

std::string proof_text(const ProofFile& proof);
/// Takes it apart; proves nothing.
Result<ProofFile> parse_proof(std::string_view text);

/// Whether the checkpoint is signed by one of the keys and the entry is in it at the proof's index;
/// the checkpoint then.
Result<TrustedCheckpoint> check_proof(const ProofFile& proof, std::string_view entry,
                                      const std::vector<VerifierKey>& keys);

}  // namespace imp::tlog
