#include "tlog/proof_file.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "tlog/decimal.h"
#include "tlog/refusal.h"

namespace imp::tlog {

namespace {

constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ", kIndex = "index ";
// A tree of less than 2^63 leaves is not deeper.
constexpr std::size_t kDeepest = 63;

std::unexpected<Failure> malformed(std::string_view what) {
  return refuse(LogRefusal::malformed, fmt::format("This is not a tlog-proof: {}.", what));
}

// Takes the first line off; nothing when there is none with an end.
std::optional<std::string_view> next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string proof_text(const ProofFile& proof) {
  std::string text(kFirstLine);
  text += '\n';
  if (proof.extra) text += fmt::format("{}{}\n", kExtra, base64(bytes_of(*proof.extra)));
  text += fmt::format("{}{}\n", kIndex, proof.index);
  for (const Hash& hash : proof.hashes) text += hash_text(hash) + '\n';
  return text + '\n' + proof.checkpoint;
}

Result<ProofFile> parse_proof(std::string_view text) {
  if (next_line(text) != kFirstLine) return malformed("the first line is another one");
  ProofFile proof;
  auto line = next_line(text);
  if (line && line->starts_with(kExtra)) {
    const auto extra = from_base64(line->substr(kExtra.size()));
    if (!extra) return malformed("the extra data is not base64");
    proof.extra = std::string(text_of(*extra));
    line = next_line(text);
  }
  if (!line || !line->starts_with(kIndex)) return malformed("it has no index");
  const auto index = parse_decimal(line->substr(kIndex.size()));
  if (!index) return malformed("the index is not a number");
  proof.index = *index;
  for (line = next_line(text); line && !line->empty(); line = next_line(text)) {
    const auto hash = parse_hash(*line);
    if (!hash) return malformed("a line of the proof is not a hash of 32 bytes in base64");
    if (proof.hashes.size() == kDeepest) return malformed("the proof is too long");
    proof.hashes.push_back(*hash);
  }
  if (!line) return malformed("it has no empty line before the checkpoint");
  proof.checkpoint = text;
  return proof;
}

Result<TrustedCheckpoint> check_proof(const ProofFile& proof, std::string_view entry,
                                      const std::vector<VerifierKey>& keys) {
  auto opened = open_checkpoint(proof.checkpoint, keys);
  if (!opened) return opened;
  const Checkpoint& checkpoint = opened->checkpoint;
  if (!verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, checkpoint.root,
                        proof.hashes)) {
    return refuse(LogRefusal::false_proof,
                  fmt::format("The entry is not at index {} of the checkpoint's {}: entry, proof "
                              "or checkpoint was changed.",
                              proof.index, checkpoint.size));
  }
  return opened;
}

}  // namespace imp::tlog
