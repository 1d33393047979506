#include "tlog/tiles.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tlog/naive.h"

namespace imp::tlog {
namespace {

TEST(TileWidth, IsWhatTheSpecificationSaysOfSeventyThousandLeaves) {
  EXPECT_EQ(tile_width(0, 0, 70'000), 256u);
  EXPECT_EQ(tile_width(0, 272, 70'000), 256u);
  EXPECT_EQ(tile_width(0, 273, 70'000), 112u);
  EXPECT_EQ(tile_width(0, 274, 70'000), 0u);
  EXPECT_EQ(tile_width(1, 0, 70'000), 256u);
  EXPECT_EQ(tile_width(1, 1, 70'000), 17u);
  EXPECT_EQ(tile_width(2, 0, 70'000), 1u);
  EXPECT_EQ(tile_width(3, 0, 70'000), 0u);
  EXPECT_EQ(tile_width(63, 0, 70'000), 0u);
  EXPECT_EQ(tile_width(0, 0, 256), 256u);
  EXPECT_EQ(tile_width(0, 1, 256), 0u);
  EXPECT_EQ(tile_width(1, 0, 256), 1u);
  EXPECT_EQ(tile_width(0, 0, 0), 0u);
  EXPECT_EQ(tile_width(0, UINT64_MAX, INT64_MAX), 0u);
}

constexpr std::size_t kLeaves = 66'000;  // three levels of tiles
constexpr std::uint64_t kSizes[] = {1,   2,   3,      255,    256,    257,    511,
                                    512, 513, 65'535, 65'536, 65'537, 65'792, 66'000};

Nodes nodes_of(const MemoryTiles& tiles, std::uint64_t size) {
  return TileNodes(size, tiles.source());
}

/// The first leaves of a large tree, with what small trees of them look like.
struct Grown {
  MemoryTiles tiles;
  TileBuilder builder;
  std::map<std::uint64_t, Hash> roots;
};

Grown grown(const Leaves& leaves) {
  Grown tree;
  for (const Hash& leaf : leaves) {
    tree.builder.append(leaf, tree.tiles.sink());
    const std::uint64_t size = tree.builder.size();
    if (std::ranges::find(kSizes, size) != std::end(kSizes)) tree.roots[size] = tree.builder.root();
  }
  tree.builder.edge(tree.tiles.sink());
  return tree;
}

TEST(TileBuilder, KeepsTheRootOfTheDefinition) {
  const Leaves leaves = numbered_leaves(kLeaves);
  const Grown tree = grown(leaves);
  EXPECT_EQ(TileBuilder().root(), empty_root());
  for (const std::uint64_t size : kSizes) {
    SCOPED_TRACE(size);
    EXPECT_EQ(tree.roots.at(size), naive_root(slice(leaves, 0, size)));
    // A smaller tree is read from the tiles of the larger one: their beginnings are the same.
    EXPECT_EQ(root(size, nodes_of(tree.tiles, size)), tree.roots.at(size));
  }
}

TEST(TileNodes, GiveTheProofsOfEveryTreeWithinTheTiles) {
  const Leaves leaves = numbered_leaves(kLeaves);
  const Grown tree = grown(leaves);
  for (const std::uint64_t size : kSizes) {
    for (const std::uint64_t index : {0, 1, 254, 255, 256, 300, 511, 65'535, 65'536, 65'999}) {
      if (index >= size) continue;
      SCOPED_TRACE(testing::Message() << index << " of " << size);
      const Hashes proof = inclusion_proof(index, size, nodes_of(tree.tiles, size));
      EXPECT_TRUE(verify_inclusion(leaves[index], index, size, tree.roots.at(size), proof));
    }
    for (const std::uint64_t from : kSizes) {
      if (from > size) continue;
      SCOPED_TRACE(testing::Message() << from << " to " << size);
      const Hashes proof = consistency_proof(from, size, nodes_of(tree.tiles, size));
      EXPECT_TRUE(verify_consistency(from, size, tree.roots.at(from), tree.roots.at(size), proof));
    }
  }
}

// However it is cut into pieces, it is the same tree in the same tiles.
TEST(TileBuilder, GoesOnFromItsTilesAtEverySize) {
  const Leaves leaves = numbered_leaves(600);
  MemoryTiles whole;
  TileBuilder all;
  for (const Hash& leaf : leaves) all.append(leaf, whole.sink());
  all.edge(whole.sink());
  for (const std::size_t step : {1, 3, 100, 255, 256, 257, 599}) {
    SCOPED_TRACE(step);
    MemoryTiles tiles;
    for (std::size_t size = 0; size < leaves.size();) {
      TileBuilder builder(size, tiles.source());
      for (const std::size_t end = std::min(leaves.size(), size + step); size < end; ++size) {
        builder.append(leaves[size], tiles.sink());
      }
      builder.changed(tiles.sink());
      ASSERT_EQ(builder.root(), naive_root(slice(leaves, 0, size))) << size;
    }
    EXPECT_EQ(tiles.all(), whole.all());
  }
}

TEST(TileBuilder, GivesOnlyTheEdgeThatChanged) {
  MemoryTiles tiles;
  TileBuilder builder;
  for (const Hash& leaf : numbered_leaves(700)) builder.append(leaf, tiles.sink());
  builder.edge(tiles.sink());
  TileBuilder again(700, tiles.source());
  std::vector<unsigned> levels;
  const auto note = [&](unsigned level, std::uint64_t, const Hashes&) { levels.push_back(level); };
  again.changed(note);
  EXPECT_TRUE(levels.empty());
  again.append(leaf_hash("one more"), tiles.sink());
  again.changed(note);
  EXPECT_EQ(levels, std::vector<unsigned>{0});
}

TEST(TileNodes, ATileThatIsShortOrGoneIsAnError) {
  MemoryTiles tiles;
  TileBuilder builder;
  for (const Hash& leaf : numbered_leaves(300)) builder.append(leaf, tiles.sink());
  builder.edge(tiles.sink());
  tiles.all().at({0, 1}).pop_back();
  EXPECT_THROW(root(300, nodes_of(tiles, 300)), std::out_of_range);
  EXPECT_NO_THROW(root(299, nodes_of(tiles, 299)));
  tiles.all().erase({0, 0});
  EXPECT_THROW(inclusion_proof(5, 299, nodes_of(tiles, 299)), std::out_of_range);
}

TEST(TilePath, IsWrittenAsTheSpecificationSays) {
  EXPECT_EQ(tile_path({.index = 0}), "000");
  EXPECT_EQ(tile_path({.index = 999}), "999");
  EXPECT_EQ(tile_path({.index = 1000}), "x001/000");
  EXPECT_EQ(tile_path({.index = 1'234'067}), "x001/x234/067");
  EXPECT_EQ(tile_path({.index = 1'234'067, .width = 7}), "x001/x234/067.p/7");
}

TEST(TilePath, IsReadInThatOneSpelling) {
  for (const std::uint64_t index :
       {0ull, 1ull, 999ull, 1000ull, 1'234'067ull, 999'999'999'999ull}) {
    for (const std::size_t width : {1, 100, 255, 256}) {
      const auto name = parse_tile_path(tile_path({.index = index, .width = width}));
      ASSERT_TRUE(name) << index;
      EXPECT_EQ(name->index, index);
      EXPECT_EQ(name->width, width);
    }
  }
  for (const std::string_view wrong : {"",
                                       "0",
                                       "00",
                                       "0000",
                                       "x000/001",
                                       "x001",
                                       "x001/",
                                       "x001/x002",
                                       "001/002",
                                       "x1/002",
                                       "x001/02",
                                       "x001/0a2",
                                       "+01",
                                       "000.p",
                                       "000.p/",
                                       "000.p/0",
                                       "000.p/256",
                                       "000.p/01",
                                       "000.p/1/",
                                       "000.p/1.p/1",
                                       "000/",
                                       " 000",
                                       "000 ",
                                       "X001/000",
                                       "x999/x999/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_FALSE(parse_tile_path(wrong)) << wrong;
  }
  EXPECT_EQ(parse_tile_level("0"), 0u);
  EXPECT_EQ(parse_tile_level("63"), 63u);
  for (const std::string_view wrong : {"", "64", "00", "01", "-1", "entries", "1 "}) {
    EXPECT_FALSE(parse_tile_level(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace imp::tlog
