#include "audit/tree_verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/entry_text.h"
#include "audit/kept_checkpoint.h"

namespace imp::audit {

namespace {

/// Follows the walk over the chain with a tree of its own, and compares.
class TreeWalk {
 public:
  TreeWalk(db::Session& session, LogReport& report, std::vector<Remembered> remembered)
      : session_(session), report_(report), remembered_(std::move(remembered)) {
    std::ranges::sort(remembered_, {}, [](const Remembered& one) { return one.checkpoint.size; });
    compare_remembered();
  }

  void add(std::string_view chained_text) {
    const tlog::Hash leaf = tlog::leaf_hash(entry_text(chained_text));
    const bool sealed = walked() < report_.tree.size;
    if (sealed) compare_leaf(leaf);
    built_.append(leaf, [&](unsigned level, std::uint64_t index, const tlog::Hashes& hashes) {
      ++tiles_;
      if (sealed && level > 0) compare_tile(level, index, hashes);
    });
    if (sealed && walked() == report_.tree.size) compare_end();
    compare_remembered();
  }

  /// After the last record that the chain vouches for.
  void finish() {
    const std::int64_t records = walked();
    if (records < report_.tree.size) {
      find(TreeDamage::cut, records + 1,
           fmt::format("Record {} and those after it are missing: {} were sealed.", records + 1,
                       report_.tree.size));
    }
    if (next_ < remembered_.size()) {
      find(TreeDamage::cut, records + 1,
           fmt::format("Record {} and those after it are missing: the checkpoint in {} counts {}.",
                       records + 1, remembered_[next_].name, remembered_[next_].checkpoint.size));
    }
  }

 private:
  std::int64_t walked() const { return static_cast<std::int64_t>(built_.size()); }

  void find(TreeDamage damage, std::int64_t position, std::string text) {
    if (!report_.finding) report_.finding = {damage, position, std::move(text)};
  }

  void compare_leaf(const tlog::Hash& leaf) {
    const std::size_t place = built_.size() % tlog::kTileWidth;
    if (place == 0) tile_ = stored_tile(session_, 0, built_.size() / tlog::kTileWidth);
    const std::int64_t sequence = walked() + 1;
    if (!tile_ || place >= tile_->size()) {
      find(TreeDamage::tree, sequence,
           fmt::format("The tile of the tree that holds the hash of record {} is missing, damaged "
                       "or too short.",
                       sequence));
    } else if ((*tile_)[place] != leaf) {
      find(TreeDamage::rewritten, sequence,
           fmt::format("Record {} is not the one that was sealed into the tree: the log was "
                       "rewritten here, or the tree was changed.",
                       sequence));
    }
  }

  void compare_tile(unsigned level, std::uint64_t index, const tlog::Hashes& hashes) {
    const auto stored = stored_tile(session_, level, index);
    if (stored && *stored == hashes) return;
    const std::uint64_t first = (index << (tlog::kTileHeight * (level + 1))) + 1;
    find(TreeDamage::tree, static_cast<std::int64_t>(first),
         fmt::format("Tile {} of level {} of the tree, which begins with record {}, does not "
                     "follow from the records.",
                     index, level, first));
  }

  void compare_end() {
    std::int64_t expected = tiles_;
    built_.edge([&](unsigned level, std::uint64_t index, const tlog::Hashes& hashes) {
      ++expected;
      compare_tile(level, index, hashes);
    });
    const auto row = session_.row("SELECT COUNT(*) FROM audit_tiles");
    if (row->integer(0) != expected) {
      find(TreeDamage::tree, walked(),
           fmt::format("The tree of {} records has {} tiles, but {} are stored.", walked(),
                       expected, row->integer(0)));
    }
    if (tlog::hash_text(built_.root()) != report_.tree.root) {
      find(TreeDamage::tree, walked(),
           fmt::format("The root of the {} sealed records is {}, but {} is stored.", walked(),
                       tlog::hash_text(built_.root()), report_.tree.root));
    }
  }

  void compare_remembered() {
    while (next_ < remembered_.size() && remembered_[next_].checkpoint.size == built_.size()) {
      const Remembered& one = remembered_[next_++];
      if (one.checkpoint.root == built_.root()) {
        good_ = walked();
        continue;
      }
      find(TreeDamage::rewritten, good_ + 1,
           fmt::format("Records {} to {} are not those of the checkpoint in {}: the log was "
                       "rewritten somewhere there.",
                       good_ + 1, walked(), one.name));
    }
  }

  db::Session& session_;
  LogReport& report_;
  std::vector<Remembered> remembered_;  // by size
  std::size_t next_ = 0;                // the first of them that was not reached
  std::int64_t good_ = 0;               // size of the largest that agreed
  tlog::TileBuilder built_;
  std::int64_t tiles_ = 0;            // complete ones so far
  std::optional<tlog::Hashes> tile_;  // the stored one of level 0 that is being compared
};

void check_checkpoint(LogReport& report, db::Session& session, const LogKeys& keys) {
  if (report.finding || report.tree.size == 0) return;
  const auto find = [&](std::string text) {
    report.finding = {TreeDamage::checkpoint, report.tree.size, std::move(text)};
  };
  const auto signers = keys.signers(session);
  if (!signers) return find("The keys of the log cannot be opened. " + signers.error().message);
  if (const auto kept = check_kept(report.tree, verifiers_of(*signers)); !kept)
    find(kept.error().message);
}

}  // namespace

std::string_view code(TreeDamage damage) {
  switch (damage) {
    case TreeDamage::rewritten:
      return "rewritten";
    case TreeDamage::cut:
      return "cut";
    case TreeDamage::tree:
      return "tree";
    case TreeDamage::checkpoint:
      return "checkpoint";
  }
  return "tree";
}

Result<LogReport> verify_log(db::Database& database, const LogKeys& keys,
                             const std::optional<Anchor>& anchor,
                             std::vector<Remembered> remembered) {
  return database.read([&](db::Session& session) -> Result<LogReport> {
    LogReport report;
    const auto tree = tree_state(session);
    if (tree) report.tree = *tree;
    TreeWalk walk(session, report, std::move(remembered));
    report.chain = verify_chain(session, anchor, [&](std::string_view text) { walk.add(text); });
    // Where the chain is broken, what comes after it is not missing.
    if (report.chain.intact()) walk.finish();
    if (!tree) report.finding = {TreeDamage::tree, 0, "The head of the tree is missing."};
    check_checkpoint(report, session, keys);
    return report;
  });
}

}  // namespace imp::audit
