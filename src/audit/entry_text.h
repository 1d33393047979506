#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "audit/chain.h"

namespace imp::audit {

/// The longest entry that a bundle of C2SP tlog-tiles can hold.
inline constexpr std::size_t kLongestEntry = 65535;

/// The entry of a record in the Merkle tree: its chained text (chain.h). So a leaf says the same as
/// the record's hash in the chain, the hash of the record before included, and who does not know
/// that hash cannot find out by guessing what a public leaf hash stands for. The entry of a text
/// that is too long for a bundle is
///
///     imprimatur-audit-1-sha256 LF, the SHA-256 of the text in lower-case hexadecimal, LF.
std::string entry_text(std::string_view chained_text);

/// Whether an entry is that of a text that is too long.
bool is_entry_of_hash(std::string_view entry);

/// What an entry says, taken apart; nothing when it is no chained text.
struct EntryParts {
  std::string previous;  ///< the hash of the record before
  StoredRecord record;
};
std::optional<EntryParts> parse_entry(std::string_view entry);

}  // namespace imp::audit
