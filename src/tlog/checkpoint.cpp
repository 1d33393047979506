#include "tlog/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tlog/decimal.h"
#include "tlog/refusal.h"

namespace imp::tlog {

namespace {

std::unexpected<Failure> malformed(std::string_view what) {
  return refuse(LogRefusal::malformed, fmt::format("This is not a checkpoint: {}.", what));
}

}  // namespace

std::string checkpoint_text(const Checkpoint& checkpoint) {
  return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size,
                     hash_text(checkpoint.root));
}

Result<Checkpoint> parse_checkpoint_text(std::string_view text) {
  std::array<std::string_view, 3> lines;
  for (std::string_view& line : lines) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return malformed("it has less than three lines");
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  if (text.starts_with('\n') || text.contains("\n\n")) return malformed("a line is empty");
  if (!text.empty() && !text.ends_with('\n')) return malformed("the last line has no end");
  if (lines[0].empty()) return malformed("the origin is empty");
  const auto size = parse_decimal(lines[1]);
  if (!size) return malformed("the second line is not a number of leaves");
  const auto root = parse_hash(lines[2]);
  if (!root) return malformed("the third line is not a hash of 32 bytes in base64");
  return Checkpoint{.origin = std::string(lines[0]), .size = *size, .root = *root};
}

Result<TrustedCheckpoint> open_checkpoint(std::string_view note,
                                          const std::vector<VerifierKey>& keys) {
  const auto parsed = parse_note(note);
  if (!parsed) return pass_on(parsed);
  auto checkpoint = parse_checkpoint_text(parsed->text);
  if (!checkpoint) return pass_on(checkpoint);
  auto signers = signers_of(*parsed, keys);
  if (!signers) return pass_on(signers);
  // A key speaks for the log of its name alone.
  std::erase_if(*signers, [&](const VerifierKey& key) { return key.name() != checkpoint->origin; });
  if (signers->empty()) {
    return refuse(LogRefusal::untrusted,
                  fmt::format("This checkpoint is of the log {}, whose key did not sign it.",
                              checkpoint->origin));
  }
  return TrustedCheckpoint{std::move(*checkpoint), std::move(*signers)};
}

}  // namespace imp::tlog
