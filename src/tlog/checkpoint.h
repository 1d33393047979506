#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/failure.h"
#include "tlog/merkle.h"
#include "tlog/note.h"

namespace imp::tlog {

/// What a log says of itself: C2SP tlog-checkpoint.
struct Checkpoint {
  std::string origin;      ///< which log
  std::uint64_t size = 0;  ///< how many leaves; below 2^63
  Hash root = {};
};

/// The text that is signed.
std::string checkpoint_text(const Checkpoint& checkpoint);
/// The head of a note's text. Extension lines are allowed and ignored.
Result<Checkpoint> parse_checkpoint_text(std::string_view text);

/// A checkpoint and the keys that vouch for it.
struct TrustedCheckpoint {
  Checkpoint checkpoint;
  std::vector<VerifierKey> signers;
};
/// Reads a signed checkpoint that one of `keys` has to have signed under the name of its origin.
Result<TrustedCheckpoint> open_checkpoint(std::string_view note,
                                          const std::vector<VerifierKey>& keys);

}  // namespace imp::tlog
