#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/hash.h"

namespace imp::tlog {

/// SHA-256, the only hash of these trees.
using Hash = crypto::Sha256;
using Hashes = std::vector<Hash>;

/// SHA-256 of 0x00 and the entry.
Hash leaf_hash(std::string_view entry);
/// SHA-256 of 0x01 and both children.
Hash node_hash(const Hash& left, const Hash& right);
/// The root of a tree without leaves: SHA-256 of nothing.
Hash empty_root();

/// The hash of a perfect subtree: of the leaves from `index << height` up to, not including,
/// `(index + 1) << height`. Asked only for subtrees that lie in the tree. What it throws passes
/// through the functions below.
using Nodes = std::function<Hash(unsigned height, std::uint64_t index)>;

/// The root of the first `size` leaves.
Hash root(std::uint64_t size, const Nodes& nodes);

/// RFC 9162 §2.1.3: from the leaf's sibling to a child of the root. `index` < `size`. Asks for
/// O(log size) nodes, and O(log² size) at the right edge at most.
Hashes inclusion_proof(std::uint64_t index, std::uint64_t size, const Nodes& nodes);
/// RFC 9162 §2.1.4: that the tree of `to` leaves begins with the tree of `from` leaves. `from` <=
/// `to`; empty when they are equal or `from` is 0.
Hashes consistency_proof(std::uint64_t from, std::uint64_t to, const Nodes& nodes);

/// The root to which the proof leads, as RFC 9162 §2.1.3.2 has it; nothing when it cannot be one
/// for this index and size.
std::optional<Hash> inclusion_root(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                                   const Hashes& proof);
/// Whether the proof leads from the leaf to this root.
bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, const Hash& root,
                      const Hashes& proof);
/// Whether the proof leads to both roots, as RFC 9162 §2.1.4.2 has it. From 0 everything follows,
/// by the empty proof and the root of the empty tree.
bool verify_consistency(std::uint64_t from, std::uint64_t to, const Hash& from_root,
                        const Hash& to_root, const Hashes& proof);

/// base64, as the texts of C2SP hold it.
std::string hash_text(const Hash& hash);
/// 32 bytes in base64 with padding; nothing for anything else.
std::optional<Hash> parse_hash(std::string_view text);

}  // namespace imp::tlog
