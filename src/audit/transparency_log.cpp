#include "audit/transparency_log.h"

#include "audit/chain.h"
#include "audit/entry_text.h"
#include "audit/tree_refusal.h"
#include "tlog/proof_file.h"

namespace imp::audit {

namespace {

std::unexpected<Failure> out_of_range(std::string message) {
  return refuse(TreeRefusal::out_of_range, std::move(message));
}

Result<TreeState> sealed_tree(db::Session& session) {
  auto state = tree_state(session);
  if (!state) return refuse(TreeRefusal::damaged, "The head of the audit log's tree is missing.");
  if (state->size == 0) {
    return refuse(TreeRefusal::not_sealed,
                  "The audit log has no checkpoint yet; the server signs one within seconds of its "
                  "start.");
  }
  return std::move(*state);
}

/// The size that was asked for, when the last checkpoint covers it.
Result<std::int64_t> size_within(const TreeState& tree, std::optional<std::int64_t> wanted) {
  if (!wanted) return tree.size;
  if (*wanted >= 0 && *wanted <= tree.size) return *wanted;
  return out_of_range(fmt::format("A tree of {} records is not sealed: the last checkpoint has {}.",
                                  *wanted, tree.size));
}

std::string note_of(const TreeState& tree, std::int64_t size) {
  return size == tree.size ? tree.checkpoint : std::string();
}

Result<TransparencyLog::Inclusion> include(db::Session& session, const TreeState& tree,
                                           std::int64_t sequence,
                                           std::optional<std::int64_t> wanted) {
  const auto size = size_within(tree, wanted);
  if (!size) return pass_on(size);
  if (sequence < 1 || sequence > *size) {
    return out_of_range(
        fmt::format("Record {} is not among the {} records of that tree.", sequence, *size));
  }
  const auto leaves = static_cast<std::uint64_t>(*size);
  const auto index = static_cast<std::uint64_t>(sequence - 1);
  tlog::TileNodes in_tiles(leaves, tiles_of(session));
  // By reference: a copy would read the tiles again.
  const tlog::Nodes nodes = std::ref(in_tiles);
  TransparencyLog::Inclusion proven{.size = *size,
                                    .leaf = nodes(0, index),
                                    .hashes = tlog::inclusion_proof(index, leaves, nodes),
                                    .checkpoint = note_of(tree, *size)};
  // Cheaper than from the tiles, and the same where these hang together.
  proven.root = tlog::inclusion_root(proven.leaf, index, leaves, proven.hashes).value();
  if (*size == tree.size && tlog::hash_text(proven.root) != tree.root) {
    return refuse(TreeRefusal::damaged,
                  "The tiles of the audit log's tree do not lead to the root that was signed.");
  }
  return proven;
}

/// The entries of the records from `first` on, `count` of them; a StoreError when some are missing.
std::vector<std::string> entries(db::Session& session, std::int64_t first, std::int64_t count) {
  // With the record before them, for its hash.
  const auto rows = session.rows("SELECT " + std::string(kColumns) +
                                     " FROM audit_records WHERE sequence >= :p1 AND sequence < :p2 "
                                     "ORDER BY sequence",
                                 {first - 1, first + count});
  std::string previous(kFirstPrevious);
  std::int64_t expected = first > 1 ? first - 1 : 1;
  std::vector<std::string> found;
  for (const db::Row& row : rows) {
    if (row.integer(0) != expected) break;
    if (expected++ >= first)
      found.push_back(entry_text(chained_text(previous, stored_record(row))));
    previous = row.text(kHashColumn);
  }
  if (std::ssize(found) != count) {
    throw db::StoreError(fmt::format("record {} of the audit log is missing", expected), false);
  }
  return found;
}

}  // namespace

Result<TreeState> TransparencyLog::checkpoint() const { return database_.read(sealed_tree); }

Result<TransparencyLog::Inclusion> TransparencyLog::inclusion(
    std::int64_t sequence, std::optional<std::int64_t> size) const {
  return database_.read([&](db::Session& session) -> Result<Inclusion> {
    const auto tree = sealed_tree(session);
    if (!tree) return pass_on(tree);
    return include(session, *tree, sequence, size);
  });
}

Result<TransparencyLog::Consistency> TransparencyLog::consistency(
    std::int64_t from, std::optional<std::int64_t> to) const {
  return database_.read([&](db::Session& session) -> Result<Consistency> {
    const auto tree = sealed_tree(session);
    if (!tree) return pass_on(tree);
    const auto size = size_within(*tree, to);
    if (!size) return pass_on(size);
    if (from < 0 || from > *size) {
      return out_of_range(
          fmt::format("A tree of {} records is not the beginning of one of {}.", from, *size));
    }
    const auto old_leaves = static_cast<std::uint64_t>(from);
    const auto leaves = static_cast<std::uint64_t>(*size);
    tlog::TileNodes in_tiles(leaves, tiles_of(session));
    const tlog::Nodes nodes = std::ref(in_tiles);
    return Consistency{.from = from,
                       .to = *size,
                       .from_root = tlog::root(old_leaves, nodes),
                       .to_root = tlog::root(leaves, nodes),
                       .hashes = tlog::consistency_proof(old_leaves, leaves, nodes),
                       .checkpoint = note_of(*tree, *size)};
  });
}

Result<std::string> TransparencyLog::prove(std::int64_t sequence) const {
  return database_.read([&](db::Session& session) -> Result<std::string> {
    const auto tree = sealed_tree(session);
    if (!tree) return pass_on(tree);
    auto proven = include(session, *tree, sequence, {});
    if (!proven) return pass_on(proven);
    std::string entry = std::move(entries(session, sequence, 1).front());
    if (tlog::leaf_hash(entry) != proven->leaf) {
      return refuse(TreeRefusal::damaged,
                    fmt::format("Record {} is not the one that was sealed; `imprimatur audit "
                                "verify` says more.",
                                sequence));
    }
    return tlog::proof_text({.extra = std::move(entry),
                             .index = static_cast<std::uint64_t>(sequence - 1),
                             .hashes = std::move(proven->hashes),
                             .checkpoint = tree->checkpoint});
  });
}

Result<std::string> TransparencyLog::tile(unsigned level, const tlog::TileName& name) const {
  return database_.read([&](db::Session& session) -> Result<std::string> {
    const auto tree = sealed_tree(session);
    if (!tree) return pass_on(tree);
    if (tlog::tile_width(level, name.index, static_cast<std::uint64_t>(tree->size)) < name.width) {
      return out_of_range("There is no such tile in the tree of the last checkpoint.");
    }
    const tlog::Hashes hashes = tiles_of(session)(level, name.index, name.width);
    std::string bytes;
    for (std::size_t i = 0; i < name.width; ++i) bytes += text_of(hashes[i]);
    return bytes;
  });
}

Result<std::string> TransparencyLog::entry_bundle(const tlog::TileName& name) const {
  return database_.read([&](db::Session& session) -> Result<std::string> {
    const auto tree = sealed_tree(session);
    if (!tree) return pass_on(tree);
    if (tlog::tile_width(0, name.index, static_cast<std::uint64_t>(tree->size)) < name.width) {
      return out_of_range("There are no such entries in the tree of the last checkpoint.");
    }
    std::string bundle;
    const auto first = static_cast<std::int64_t>(name.index * tlog::kTileWidth) + 1;
    for (const std::string& entry : entries(session, first, std::int64_t(name.width))) {
      bundle += static_cast<char>(entry.size() >> 8);
      bundle += static_cast<char>(entry.size() & 0xFF);
      bundle += entry;
    }
    return bundle;
  });
}

}  // namespace imp::audit
