// Checkpoints, proofs, verifier keys, tile addresses and entries, as strangers may send them: what
// is read is written again byte for byte, and nothing that was not signed is believed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "audit/entry_text.h"
#include "base/encoding.h"
#include "tlog/checkpoint.h"
#include "tlog/proof_file.h"
#include "tlog/tiles.h"

namespace {

using namespace imp;

void check(bool holds) {
  if (!holds) std::abort();
}

const tlog::VerifierKey& nobody() {
  static const tlog::VerifierKey key(
      "example.com/behind-the-sofa",
      crypto::PrivateKey::generate(crypto::KeyKind::ed25519).public_key());
  return key;
}

void checkpoint(std::string_view text) {
  const auto note = tlog::parse_note(text);
  if (note) {
    check(!note->signatures.empty() && note->text.ends_with('\n'));
    check(!tlog::signers_of(*note, {nobody()}));
    if (const auto parsed = tlog::parse_checkpoint_text(note->text)) {
      check(note->text.starts_with(tlog::checkpoint_text(*parsed)));
    }
  }
  check(!tlog::open_checkpoint(text, {nobody()}));
}

void proof(std::string_view text) {
  const auto parsed = tlog::parse_proof(text);
  if (!parsed) return;
  check(tlog::proof_text(*parsed) == text);
  check(!tlog::check_proof(*parsed, parsed->extra.value_or(""), {nobody()}));
  // Whatever the numbers, the arithmetic of proofs ends.
  const tlog::Hash leaf = tlog::leaf_hash(parsed->extra.value_or(""));
  tlog::verify_inclusion(leaf, parsed->index, parsed->hashes.size(), leaf, parsed->hashes);
  tlog::verify_inclusion(leaf, parsed->index, INT64_MAX, leaf, parsed->hashes);
  tlog::verify_consistency(parsed->hashes.size(), parsed->index, leaf, leaf, parsed->hashes);
  tlog::verify_consistency(parsed->index, INT64_MAX, leaf, leaf, parsed->hashes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of({data, size});
  checkpoint(text);
  proof(text);
  if (const auto key = tlog::VerifierKey::parse(text)) check(key->text() == text);
  if (const auto name = tlog::parse_tile_path(text)) {
    check(tlog::tile_path(*name) == text);
    check(tlog::tile_width(0, name->index, INT64_MAX) <= tlog::kTileWidth);
  }
  if (const auto parts = audit::parse_entry(text)) {
    check(audit::chained_text(parts->previous, parts->record) == text);
  }
  return 0;
}
