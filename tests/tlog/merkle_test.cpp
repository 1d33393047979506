#include "tlog/merkle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "tlog/naive.h"

namespace imp::tlog {
namespace {

constexpr std::size_t kSizes = 70;

Hash from(std::string_view text) {
  const auto bytes = from_hex(text);
  Hash hash{};
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

// The entries, roots and proofs with which implementations of RFC 6962 are tested since the first
// of them.
const std::string kEntries[] = {"",         std::string("\x00", 1), "\x10", " !", "01", "@ABC",
                                "PQRSTUVW", "`abcdefghijklmno"};
constexpr std::string_view kRoots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
constexpr std::string_view kLeaf1 =
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
constexpr std::string_view kNode23 =
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
constexpr std::string_view kNode4to8 =
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
constexpr std::string_view kLeaf4 =
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
constexpr std::string_view kNode67 =
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
constexpr std::string_view kNode45 =
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

Leaves vector_leaves(std::size_t count = 8) {
  Leaves leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back(leaf_hash(kEntries[i]));
  return leaves;
}

Hashes hashes(std::initializer_list<std::string_view> texts) {
  Hashes result;
  for (const std::string_view text : texts) result.push_back(from(text));
  return result;
}

/// A proof with something more, and with each of its hashes changed or left out.
std::vector<Hashes> spoiled(const Hashes& proof) {
  std::vector<Hashes> all(1, proof);
  all[0].push_back(leaf_hash("another"));
  for (std::size_t i = 0; i < proof.size(); ++i) {
    all.push_back(proof);
    all.back()[i][i % sizeof(Hash)] ^= 1;
    all.push_back(proof);
    all.back().erase(all.back().begin() + static_cast<std::ptrdiff_t>(i));
  }
  return all;
}

TEST(Merkle, RootsOfTheKnownVectors) {
  EXPECT_EQ(hex(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t size = 1; size <= 8; ++size) {
    const Leaves leaves = vector_leaves(size);
    EXPECT_EQ(hex(root(size, naive_nodes(leaves))), kRoots[size - 1]);
  }
}

TEST(Merkle, InclusionProofsOfTheKnownVectors) {
  const Leaves leaves = vector_leaves();
  const Nodes nodes = naive_nodes(leaves);
  EXPECT_EQ(inclusion_proof(0, 1, nodes), Hashes{});
  EXPECT_EQ(inclusion_proof(0, 8, nodes), hashes({kLeaf1, kNode23, kNode4to8}));
  EXPECT_EQ(inclusion_proof(5, 8, nodes), hashes({kLeaf4, kNode67, kRoots[3]}));
  EXPECT_EQ(inclusion_proof(2, 3, nodes), hashes({kRoots[1]}));
  EXPECT_EQ(inclusion_proof(1, 5, nodes), hashes({kRoots[0], kNode23, kLeaf4}));
}

TEST(Merkle, ConsistencyProofsOfTheKnownVectors) {
  const Leaves leaves = vector_leaves();
  const Nodes nodes = naive_nodes(leaves);
  EXPECT_EQ(consistency_proof(1, 1, nodes), Hashes{});
  EXPECT_EQ(consistency_proof(1, 8, nodes), hashes({kLeaf1, kNode23, kNode4to8}));
  EXPECT_EQ(consistency_proof(6, 8, nodes), hashes({kNode45, kNode67, kRoots[3]}));
  EXPECT_EQ(consistency_proof(2, 5, nodes), hashes({kNode23, kLeaf4}));
}

TEST(Merkle, EveryProofOfSmallTreesIsTheOneOfTheDefinition) {
  const Leaves all = numbered_leaves(kSizes);
  for (std::size_t size = 1; size <= kSizes; ++size) {
    SCOPED_TRACE(size);
    const Leaves leaves = slice(all, 0, size);
    const Nodes nodes = naive_nodes(leaves);
    const Hash whole = naive_root(leaves);
    ASSERT_EQ(root(size, nodes), whole);
    for (std::size_t index = 0; index < size; ++index) {
      const Hashes proof = inclusion_proof(index, size, nodes);
      ASSERT_EQ(proof, naive_path(index, leaves)) << index;
      ASSERT_TRUE(verify_inclusion(leaves[index], index, size, whole, proof)) << index;
    }
    for (std::size_t from = 1; from <= size; ++from) {
      const Leaves old = slice(all, 0, from);
      const Hashes proof = consistency_proof(from, size, nodes);
      ASSERT_EQ(proof, naive_subproof(from, leaves, true)) << from;
      ASSERT_TRUE(verify_consistency(from, size, naive_root(old), whole, proof)) << from;
    }
    EXPECT_EQ(consistency_proof(0, size, nodes), Hashes{});
    EXPECT_TRUE(verify_consistency(0, size, empty_root(), whole, {}));
  }
}

// Each way to change a proof that holds makes it fail.
TEST(Merkle, AChangedInclusionProofIsFalse) {
  const Leaves all = numbered_leaves(kSizes);
  for (std::size_t size = 1; size <= kSizes; ++size) {
    const Leaves leaves = slice(all, 0, size);
    const Hash whole = naive_root(leaves);
    for (std::size_t index = 0; index < size; ++index) {
      SCOPED_TRACE(testing::Message() << index << " of " << size);
      const Hash& leaf = leaves[index];
      const Hashes proof = naive_path(index, leaves);
      EXPECT_FALSE(verify_inclusion(leaf_hash("another"), index, size, whole, proof));
      EXPECT_FALSE(verify_inclusion(leaf, index, size, leaf_hash("another"), proof));
      EXPECT_FALSE(verify_inclusion(leaf, size, size, whole, proof));
      for (std::size_t other = 0; other < size; ++other) {
        if (other != index) EXPECT_FALSE(verify_inclusion(leaf, other, size, whole, proof));
      }
      for (const Hashes& wrong : spoiled(proof)) {
        EXPECT_FALSE(verify_inclusion(leaf, index, size, whole, wrong));
      }
    }
  }
}

TEST(Merkle, AChangedConsistencyProofIsFalse) {
  const Leaves all = numbered_leaves(kSizes);
  for (std::size_t to = 1; to <= kSizes; ++to) {
    const Leaves leaves = slice(all, 0, to);
    const Hash whole = naive_root(leaves);
    for (std::size_t from = 1; from <= to; ++from) {
      SCOPED_TRACE(testing::Message() << from << " to " << to);
      const Hash old = naive_root(slice(all, 0, from));
      const Hash other = leaf_hash("another");
      const Hashes proof = naive_subproof(from, leaves, true);
      EXPECT_FALSE(verify_consistency(from, to, other, whole, proof));
      EXPECT_FALSE(verify_consistency(from, to, old, other, proof));
      for (const Hashes& wrong : spoiled(proof)) {
        EXPECT_FALSE(verify_consistency(from, to, old, whole, wrong));
      }
    }
  }
  EXPECT_FALSE(verify_consistency(2, 1, all[0], all[0], {}));
  EXPECT_FALSE(verify_consistency(0, 1, all[0], all[0], {}));  // nothing has another root
}

// A leaf may not pass for a node, nor a node for a leaf.
TEST(Merkle, LeavesAndNodesAreHashedApart) {
  const Hash a = leaf_hash("a"), b = leaf_hash("b");
  std::string both(text_of(a));
  both += text_of(b);
  EXPECT_NE(leaf_hash(both), node_hash(a, b));
  EXPECT_NE(node_hash(a, b), node_hash(b, a));
}

TEST(Merkle, AHashIsThirtyTwoBytesInBase64) {
  const Hash hash = leaf_hash("x");
  EXPECT_EQ(parse_hash(hash_text(hash)), hash);
  EXPECT_FALSE(parse_hash(""));
  EXPECT_FALSE(parse_hash(base64(Bytes(31, 1))));
  EXPECT_FALSE(parse_hash(base64(Bytes(33, 1))));
  EXPECT_FALSE(parse_hash(hash_text(hash) + "\n"));
}

}  // namespace
}  // namespace imp::tlog
