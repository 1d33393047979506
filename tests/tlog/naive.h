#pragma once

#include <bit>
#include <string>
#include <vector>

#include "tlog/merkle.h"
#include "tlog/tiles.h"

namespace imp::tlog {

// The definitions of RFC 6962 §2.1, word for word and as slow as they are: what the tests compare
// with.

using Leaves = std::vector<Hash>;

inline Leaves slice(const Leaves& leaves, std::size_t begin, std::size_t end) {
  return {leaves.begin() + static_cast<std::ptrdiff_t>(begin),
          leaves.begin() + static_cast<std::ptrdiff_t>(end)};
}

inline Hash naive_root(const Leaves& leaves) {
  if (leaves.empty()) return empty_root();
  if (leaves.size() == 1) return leaves[0];
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  return node_hash(naive_root(slice(leaves, 0, k)), naive_root(slice(leaves, k, leaves.size())));
}

inline Hashes naive_path(std::size_t m, const Leaves& leaves) {
  if (leaves.size() == 1) return {};
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  const Leaves left = slice(leaves, 0, k), right = slice(leaves, k, leaves.size());
  Hashes path = m < k ? naive_path(m, left) : naive_path(m - k, right);
  path.push_back(naive_root(m < k ? right : left));
  return path;
}

inline Hashes naive_subproof(std::size_t m, const Leaves& leaves, bool whole) {
  if (m == leaves.size()) return whole ? Hashes{} : Hashes{naive_root(leaves)};
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  const Leaves left = slice(leaves, 0, k), right = slice(leaves, k, leaves.size());
  Hashes proof = m <= k ? naive_subproof(m, left, whole) : naive_subproof(m - k, right, false);
  proof.push_back(naive_root(m <= k ? right : left));
  return proof;
}

inline Leaves numbered_leaves(std::size_t count) {
  Leaves leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back(leaf_hash("leaf " + std::to_string(i)));
  return leaves;
}

/// The nodes of a list of leaves, computed anew each time.
inline Nodes naive_nodes(const Leaves& leaves) {
  return [&leaves](unsigned height, std::uint64_t index) {
    return naive_root(slice(leaves, index << height, (index + 1) << height));
  };
}

/// The tiles of a tree, kept in memory.
class MemoryTiles {
 public:
  TileSink sink() {
    return [this](unsigned level, std::uint64_t index, const Hashes& hashes) {
      tiles_[{level, index}] = hashes;
    };
  }
  TileSource source() const {
    return [this](unsigned level, std::uint64_t index, std::size_t) {
      const auto found = tiles_.find({level, index});
      return found == tiles_.end() ? Hashes{} : found->second;
    };
  }
  std::map<std::pair<unsigned, std::uint64_t>, Hashes>& all() { return tiles_; }

 private:
  std::map<std::pair<unsigned, std::uint64_t>, Hashes> tiles_;
};

}  // namespace imp::tlog
