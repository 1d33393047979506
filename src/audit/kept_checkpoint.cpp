#include "audit/kept_checkpoint.h"

#include <fmt/format.h>

#include "audit/tree_refusal.h"
#include "tlog/checkpoint.h"

namespace imp::audit {

Result<void> check_kept(const TreeState& tree, const std::vector<tlog::VerifierKey>& keys) {
  const auto refused = [](std::string_view why) {
    return refuse(TreeRefusal::damaged,
                  fmt::format("The checkpoint that is kept is not this log's: {}", why));
  };
  const auto opened = tlog::open_checkpoint(tree.checkpoint, keys);
  if (!opened) return refused(opened.error().message);
  const tlog::Checkpoint& kept = opened->checkpoint;
  if (kept.size != static_cast<std::uint64_t>(tree.size) ||
      tlog::hash_text(kept.root) != tree.root) {
    return refused(
        fmt::format("it is of {} records and the root {}.", kept.size, tlog::hash_text(kept.root)));
  }
  return {};
}

std::vector<tlog::VerifierKey> verifiers_of(const std::vector<tlog::NoteSigner>& signers) {
  std::vector<tlog::VerifierKey> keys;
  keys.reserve(signers.size());
  for (const tlog::NoteSigner& signer : signers) keys.push_back(signer.verifier());
  return keys;
}

}  // namespace imp::audit
