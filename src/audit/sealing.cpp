#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "audit/chain.h"
#include "audit/entry_text.h"
#include "audit/kept_checkpoint.h"
#include "audit/transparency_log.h"
#include "audit/tree_refusal.h"
#include "crypto/hash.h"

namespace imp::audit {

namespace {

constexpr std::int64_t kRows = 1000;

struct Tile {
  unsigned level;
  std::uint64_t index;
  tlog::Hashes hashes;
};

/// What a seal will write, made from one snapshot.
struct Batch {
  std::int64_t records = 0;  ///< of the log
  TreeState before, after;
  std::vector<Tile> tiles;
  std::string signer;  ///< the key that signed
};

std::unexpected<Failure> damaged(std::string message) {
  return refuse(TreeRefusal::damaged, std::move(message));
}

/// The hash of the last record that is sealed, on which the next has to follow.
Result<std::string> last_hash(db::Session& session, std::int64_t size) {
  if (size == 0) return std::string(kFirstPrevious);
  const auto row = session.row("SELECT hash FROM audit_records WHERE sequence = :p1", {size});
  if (!row) return damaged(fmt::format("Record {}, which is sealed, is missing.", size));
  return row->text(0);
}

/// Adds the records from the tree's end on, at most `end` in all. Stops before one that does not
/// follow on the one before; a failure when that is the very first.
Result<void> add_records(db::Session& session, tlog::TileBuilder& tree, std::int64_t end,
                         const tlog::TileSink& complete) {
  auto previous = last_hash(session, static_cast<std::int64_t>(tree.size()));
  if (!previous) return pass_on(previous);
  const std::uint64_t begin = tree.size();
  while (static_cast<std::int64_t>(tree.size()) < end) {
    const auto size = static_cast<std::int64_t>(tree.size());
    const auto rows =
        session.rows("SELECT " + std::string(kColumns) +
                         " FROM audit_records WHERE sequence > :p1 ORDER BY sequence LIMIT :p2",
                     {size, std::min(kRows, end - size)});
    for (const db::Row& row : rows) {
      const StoredRecord record = stored_record(row);
      const std::string text = chained_text(*previous, record);
      if (record.sequence != std::to_string(tree.size() + 1) ||
          crypto::sha256_hex(text) != row.text(kHashColumn)) {
        break;
      }
      tree.append(tlog::leaf_hash(entry_text(text)), complete);
      *previous = row.text(kHashColumn);
    }
    if (static_cast<std::int64_t>(tree.size()) < size + std::ssize(rows) || rows.empty()) break;
  }
  if (tree.size() > begin || static_cast<std::int64_t>(begin) >= end) return {};
  return damaged(
      fmt::format("Record {} is missing, or does not follow on the one before.", tree.size() + 1));
}

/// Whether the tree begins with the one that was seen before.
bool continues(db::Session& session, const TreeState& state, const TreeState& last) {
  if (state.size == last.size) return state.root == last.root;
  if (state.size < last.size) return false;
  if (last.size == 0) return true;
  tlog::TileNodes nodes(static_cast<std::uint64_t>(state.size), tiles_of(session));
  return tlog::hash_text(tlog::root(static_cast<std::uint64_t>(last.size), std::ref(nodes))) ==
         last.root;
}

Result<Batch> prepare(db::Session& session, const LogKeys& keys, const TreeState& last) {
  Batch batch;
  const auto state = tree_state(session);
  const auto head = session.row("SELECT records FROM audit_head WHERE id = :p1", {1});
  if (!state || !head) return damaged("The head of the audit log or of its tree is missing.");
  if (!continues(session, *state, last)) {
    return damaged(
        fmt::format("The tree of the audit log was set back or replaced: it had {} "
                    "records and the root {}.",
                    last.size, last.root));
  }
  batch.before = batch.after = *state;
  batch.records = head->integer(0);
  if (batch.records < state->size) {
    return damaged(
        fmt::format("{} records are sealed, but the log has {}: the newest were removed.",
                    state->size, batch.records));
  }
  if (batch.records == state->size) return batch;

  auto signers = keys.signers(session);
  if (!signers) return pass_on(signers);
  if (signers->empty()) {
    return refuse(TreeRefusal::no_key,
                  "The audit log has no key yet: the server makes one when it first starts.");
  }
  if (state->size > 0) {
    if (const auto kept = check_kept(*state, verifiers_of(*signers)); !kept) return pass_on(kept);
  }
  tlog::TileBuilder tree(static_cast<std::uint64_t>(state->size), tiles_of(session));
  if (state->size > 0 && tlog::hash_text(tree.root()) != state->root) {
    return damaged("The tiles of the audit log's tree do not lead to the root that was signed.");
  }
  const tlog::TileSink keep = [&](unsigned level, std::uint64_t index, const tlog::Hashes& hashes) {
    batch.tiles.push_back({level, index, hashes});
  };
  const std::int64_t end = std::min(batch.records, state->size + TransparencyLog::kSealBatch);
  if (const auto added = add_records(session, tree, end, keep); !added) return pass_on(added);
  tree.changed(keep);
  const tlog::Checkpoint checkpoint{
      .origin = signers->front().name, .size = tree.size(), .root = tree.root()};
  batch.after = {.size = static_cast<std::int64_t>(tree.size()),
                 .root = tlog::hash_text(checkpoint.root),
                 .checkpoint = tlog::sign_note(tlog::checkpoint_text(checkpoint), *signers)};
  batch.signer = signers->front().verifier().text();
  return batch;
}

}  // namespace

Result<TransparencyLog::Sealed> TransparencyLog::seal() {
  const TreeState last = [&] {
    const std::lock_guard lock(mutex_);
    return last_;
  }();
  const auto batch = database_.read(
      [&](db::Session& session) -> Result<Batch> { return prepare(session, keys_, last); });
  if (!batch) return pass_on(batch);
  remember(batch->before);
  Sealed sealed{.added = batch->after.size - batch->before.size,
                .size = batch->after.size,
                .records = batch->records};
  if (sealed.added == 0) return sealed;
  const auto written = database_.write([&](db::Session& session) -> Result<bool> {
    // First, since it takes the row's lock: of two that seal at the same time one comes too late,
    // and so does one whose key was replaced meanwhile.
    if (session.run(
            "UPDATE audit_tree SET size = :p1, root = :p2, checkpoint = :p3 WHERE id = 1 AND size "
            "= :p4 AND root = :p5 AND EXISTS (SELECT 1 FROM audit_log_keys WHERE signs = 1 AND "
            "vkey = :p6)",
            {batch->after.size, batch->after.root, batch->after.checkpoint, batch->before.size,
             batch->before.root, batch->signer}) != 1) {
      return false;
    }
    for (const Tile& tile : batch->tiles) store_tile(session, tile.level, tile.index, tile.hashes);
    keys_.retire(session);
    return true;
  });
  if (!written) return pass_on(written);
  if (*written) {
    remember(batch->after);
    return sealed;
  }
  // Somebody was faster: the next call goes on from what they wrote.
  return Sealed{.added = 0, .size = batch->before.size, .records = batch->records};
}

void TransparencyLog::remember(const TreeState& seen) {
  const std::lock_guard lock(mutex_);
  if (seen.size > last_.size) last_ = seen;
}

Result<TransparencyLog::Sealed> TransparencyLog::seal_all() {
  std::int64_t added = 0;
  while (true) {
    auto sealed = seal();
    if (!sealed) return sealed;
    added += sealed->added;
    if (sealed->size >= sealed->records) {
      sealed->added = added;
      return sealed;
    }
  }
}

}  // namespace imp::audit
