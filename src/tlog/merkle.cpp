#include "tlog/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/encoding.h"

namespace imp::tlog {

namespace {

// Leaves [begin, end) as RFC 9162 sees them: a tree of its own, which splits at the largest power
// of two below its size. `begin` is a multiple of that power wherever these functions arrive.
struct Range {
  std::uint64_t begin, end;

  std::uint64_t size() const { return end - begin; }
  std::uint64_t middle() const { return begin + std::bit_floor(size() - 1); }
  Range left() const { return {begin, middle()}; }
  Range right() const { return {middle(), end}; }
};

Hash hash_of(Range range, const Nodes& nodes) {
  if (std::has_single_bit(range.size())) {
    const auto height = static_cast<unsigned>(std::countr_zero(range.size()));
    return nodes(height, range.begin >> height);
  }
  const Hash left = hash_of(range.left(), nodes);
  return node_hash(left, hash_of(range.right(), nodes));
}

void include(Hashes& proof, std::uint64_t index, Range range, const Nodes& nodes) {
  if (range.size() == 1) return;
  const bool is_left = index < range.middle();
  include(proof, index, is_left ? range.left() : range.right(), nodes);
  proof.push_back(hash_of(is_left ? range.right() : range.left(), nodes));
}

// SUBPROOF(m, D, b); `whole` is b: the old tree is all of this range, and its root is known.
void extend(Hashes& proof, std::uint64_t old_end, Range range, bool whole, const Nodes& nodes) {
  if (old_end == range.end) {
    if (!whole) proof.push_back(hash_of(range, nodes));
    return;
  }
  if (old_end <= range.middle()) {
    extend(proof, old_end, range.left(), whole, nodes);
    proof.push_back(hash_of(range.right(), nodes));
  } else {
    extend(proof, old_end, range.right(), false, nodes);
    proof.push_back(hash_of(range.left(), nodes));
  }
}

}  // namespace

Hash leaf_hash(std::string_view entry) {
  std::string text;
  text.reserve(entry.size() + 1);
  text += '\0';
  text += entry;
  return crypto::sha256(bytes_of(text));
}

Hash node_hash(const Hash& left, const Hash& right) {
  std::array<std::uint8_t, 1 + 2 * sizeof(Hash)> bytes;
  bytes[0] = 1;
  std::ranges::copy(left, bytes.begin() + 1);
  std::ranges::copy(right, bytes.begin() + 1 + sizeof(Hash));
  return crypto::sha256(bytes);
}

Hash empty_root() { return crypto::sha256({}); }

Hash root(std::uint64_t size, const Nodes& nodes) {
  return size == 0 ? empty_root() : hash_of({0, size}, nodes);
}

Hashes inclusion_proof(std::uint64_t index, std::uint64_t size, const Nodes& nodes) {
  Hashes proof;
  include(proof, index, {0, size}, nodes);
  return proof;
}

Hashes consistency_proof(std::uint64_t from, std::uint64_t to, const Nodes& nodes) {
  Hashes proof;
  if (from > 0 && from < to) extend(proof, from, {0, to}, true, nodes);
  return proof;
}

std::optional<Hash> inclusion_root(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                                   const Hashes& proof) {
  if (index >= size) return std::nullopt;
  std::uint64_t node = index, last = size - 1;
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (last == 0) return std::nullopt;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return std::nullopt;
  return hash;
}

bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, const Hash& root,
                      const Hashes& proof) {
  return inclusion_root(leaf, index, size, proof) == root;
}

bool verify_consistency(std::uint64_t from, std::uint64_t to, const Hash& from_root,
                        const Hash& to_root, const Hashes& proof) {
  if (from > to) return false;
  if (from == to) return proof.empty() && from_root == to_root;
  if (from == 0) return proof.empty() && from_root == empty_root();
  // A perfect old tree is a node of the new one, so its root starts the path unsaid.
  const bool unsaid = std::has_single_bit(from);
  if (!unsaid && proof.empty()) return false;
  std::uint64_t node = from - 1, last = to - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  Hash old_hash = unsaid ? from_root : proof.front();
  Hash new_hash = old_hash;
  for (std::size_t i = unsaid ? 0 : 1; i < proof.size(); ++i) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(proof[i], old_hash);
      new_hash = node_hash(proof[i], new_hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = node_hash(new_hash, proof[i]);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == from_root && new_hash == to_root;
}

std::string hash_text(const Hash& hash) { return base64(hash); }

std::optional<Hash> parse_hash(std::string_view text) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != sizeof(Hash)) return std::nullopt;
  Hash hash;
  std::ranges::copy(*bytes, hash.begin());
  return hash;
}

}  // namespace imp::tlog
