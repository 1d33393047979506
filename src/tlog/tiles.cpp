#include "tlog/tiles.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "base/encoding.h"
#include "tlog/decimal.h"

namespace imp::tlog {

std::size_t tile_width(unsigned level, std::uint64_t index, std::uint64_t tree_size) {
  const unsigned shift = level * kTileHeight;
  const std::uint64_t hashes = shift < 64 ? tree_size >> shift : 0;
  if (index >= (hashes >> kTileHeight) + 1) return 0;
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(kTileWidth, hashes - (index << kTileHeight)));
}

Hash subtree_root(const Hash* hashes, std::size_t count) {
  if (count == 1) return *hashes;
  return node_hash(subtree_root(hashes, count / 2), subtree_root(hashes + count / 2, count / 2));
}

TileBuilder::TileBuilder(std::uint64_t size, const TileSource& tiles) : size_(size) {
  for (std::uint64_t rest = size; rest > 0; rest >>= kTileHeight) {
    const auto level = static_cast<unsigned>(levels_.size());
    const auto width = static_cast<std::size_t>(rest % kTileWidth);
    Hashes hashes = width > 0 ? tiles(level, rest >> kTileHeight, width) : Hashes{};
    hashes.resize(width);
    levels_.push_back({std::move(hashes), false});
  }
}

void TileBuilder::push(unsigned level, const Hash& hash, const TileSink& complete) {
  if (level == levels_.size()) levels_.emplace_back();
  // By index: the next level may move them.
  levels_[level].hashes.push_back(hash);
  levels_[level].changed = true;
  if (levels_[level].hashes.size() < kTileWidth) return;
  const Hashes full = std::exchange(levels_[level].hashes, {});
  complete(level, (size_ - 1) >> (kTileHeight * (level + 1)), full);
  push(level + 1, subtree_root(full.data(), full.size()), complete);
}

void TileBuilder::append(const Hash& leaf, const TileSink& complete) {
  ++size_;
  push(0, leaf, complete);
}

void TileBuilder::changed(const TileSink& incomplete) const {
  edge([&](unsigned level, std::uint64_t index, const Hashes& hashes) {
    if (levels_[level].changed) incomplete(level, index, hashes);
  });
}

void TileBuilder::edge(const TileSink& incomplete) const {
  for (unsigned level = 0; level < levels_.size(); ++level) {
    const Hashes& hashes = levels_[level].hashes;
    if (!hashes.empty()) incomplete(level, size_ >> (kTileHeight * (level + 1)), hashes);
  }
}

Hash TileBuilder::root() const {
  // From the lowest, which is at the right, to the highest: each incomplete tile falls into perfect
  // subtrees, the smallest at its end.
  std::optional<Hash> right;
  for (const Level& level : levels_) {
    std::size_t end = level.hashes.size();
    while (end > 0) {
      const std::size_t count = std::size_t{1} << std::countr_zero(end);
      end -= count;
      const Hash left = subtree_root(level.hashes.data() + end, count);
      right = right ? node_hash(left, *right) : left;
    }
  }
  return right.value_or(empty_root());
}

Hash TileNodes::operator()(unsigned height, std::uint64_t index) {
  const unsigned level = height / kTileHeight, within = height % kTileHeight;
  const std::uint64_t first = index << within;  // among the hashes of the level
  const std::uint64_t tile = first >> kTileHeight;
  auto [place, is_new] = read_.try_emplace({level, tile});
  if (is_new) place->second = tiles_(level, tile, tile_width(level, tile, size_));
  const Hashes& hashes = place->second;
  const std::size_t begin = first % kTileWidth, count = std::size_t{1} << within;
  if (begin + count > hashes.size()) throw std::out_of_range("a tile is too short");
  return subtree_root(hashes.data() + begin, count);
}

std::string tile_path(const TileName& name) {
  std::string path = fmt::format("{:03}", name.index % 1000);
  for (std::uint64_t rest = name.index / 1000; rest > 0; rest /= 1000) {
    path = fmt::format("x{:03}/{}", rest % 1000, path);
  }
  return name.width == kTileWidth ? path : fmt::format("{}.p/{}", path, name.width);
}

std::optional<TileName> parse_tile_path(std::string_view path) {
  TileName name;
  if (const std::size_t at = path.find(".p/"); at != std::string_view::npos) {
    const auto width = parse_decimal(path.substr(at + 3));
    if (!width || *width < 1 || *width >= kTileWidth) return std::nullopt;
    name.width = static_cast<std::size_t>(*width);
    path = path.substr(0, at);
  }
  const std::string_view written = path;
  while (path.starts_with('x')) {
    if (path.size() < 5 || path[4] != '/') return std::nullopt;
    const auto part = parse_digits(path.substr(1, 3));
    // Three more digits have to fit, so that none are lost.
    if (!part || name.index > (UINT64_MAX - 999) / 1000 / 1000) return std::nullopt;
    name.index = name.index * 1000 + *part;
    path.remove_prefix(5);
  }
  const auto last = path.size() == 3 ? parse_digits(path) : std::nullopt;
  if (!last) return std::nullopt;
  name.index = name.index * 1000 + *last;
  // One spelling for each tile: no leading "x000".
  return tile_path({.index = name.index}) == written ? std::optional(name) : std::nullopt;
}

std::optional<unsigned> parse_tile_level(std::string_view text) {
  const auto level = parse_decimal(text);
  if (!level || *level > 63) return std::nullopt;
  return static_cast<unsigned>(*level);
}

}  // namespace imp::tlog
