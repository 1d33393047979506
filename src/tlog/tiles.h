#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tlog/merkle.h"

namespace imp::tlog {

// The tree of C2SP tlog-tiles. A tile holds up to 256 hashes: at level 0 of leaves, above of full
// tiles of the level below. So a node of the tree is in exactly one tile, or is made of at most 256
// hashes of one.

inline constexpr std::size_t kTileWidth = 256;
inline constexpr unsigned kTileHeight = 8;  ///< levels of the tree in one level of tiles

/// How many hashes the tile has in a tree of that size: 0 to 256.
std::size_t tile_width(unsigned level, std::uint64_t index, std::uint64_t tree_size);

/// The root of 1, 2, 4, … or 256 hashes.
Hash subtree_root(const Hash* hashes, std::size_t count);

/// Called with each tile: its level, its index in the level, its hashes.
using TileSink = std::function<void(unsigned level, std::uint64_t index, const Hashes& hashes)>;
/// Reads a tile. Only its first `width` hashes are asked for; it may hold more.
using TileSource = std::function<Hashes(unsigned level, std::uint64_t index, std::size_t width)>;

/// Grows a tree leaf by leaf. Holds the incomplete tiles of its right edge alone.
class TileBuilder {
 public:
  TileBuilder() = default;
  /// Continues a tree whose right edge is read from its tiles.
  TileBuilder(std::uint64_t size, const TileSource& tiles);

  /// Gives each tile that the leaf completes.
  void append(const Hash& leaf, const TileSink& complete);
  /// Gives the incomplete tiles that have changed since the beginning.
  void changed(const TileSink& incomplete) const;
  /// Gives every incomplete tile that is not empty.
  void edge(const TileSink& incomplete) const;

  std::uint64_t size() const { return size_; }
  Hash root() const;

 private:
  void push(unsigned level, const Hash& hash, const TileSink& complete);

  struct Level {
    Hashes hashes;
    bool changed = false;
  };
  std::vector<Level> levels_;
  std::uint64_t size_ = 0;
};

/// The nodes of a tree of that size, from its tiles. Each tile is read once. Not for threads.
class TileNodes {
 public:
  TileNodes(std::uint64_t size, TileSource tiles) : size_(size), tiles_(std::move(tiles)) {}
  Hash operator()(unsigned height, std::uint64_t index);

 private:
  std::uint64_t size_;
  TileSource tiles_;
  std::map<std::pair<unsigned, std::uint64_t>, Hashes> read_;
};

/// The last part of a tile's address: "x001/x234/067", and ".p/W" after it for an incomplete one.
struct TileName {
  std::uint64_t index = 0;
  std::size_t width = kTileWidth;
};
std::string tile_path(const TileName& name);
/// Nothing for whatever tile_path() would not write.
std::optional<TileName> parse_tile_path(std::string_view path);
/// 0 to 63 without leading zeroes; nothing for anything else.
std::optional<unsigned> parse_tile_level(std::string_view text);

}  // namespace imp::tlog
