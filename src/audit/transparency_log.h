#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "audit/log_keys.h"
#include "audit/tree_tables.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"
#include "tlog/tiles.h"

namespace imp::audit {

/// The audit log as a transparency log: its records, in their order, are the leaves of a Merkle
/// tree (RFC 6962), whose root is signed in checkpoints. Appending does nothing for it: seal()
/// takes what came since into the tree, a batch in one transaction, and goes on after a crash where
/// it was. Record N is the leaf of index N - 1. Thread-safe, also with several processes.
class TransparencyLog {
 public:
  TransparencyLog(db::Database& database, const crypto::Sealer& sealer, const Clock& clock)
      : database_(database), keys_(database, sealer, clock) {}

  LogKeys& keys() { return keys_; }
  const LogKeys& keys() const { return keys_; }

  struct Sealed {
    std::int64_t added = 0;    ///< by this call
    std::int64_t size = 0;     ///< of the tree after it
    std::int64_t records = 0;  ///< of the log when it began
  };
  /// The most records that one call seals; that many are held in memory as hashes.
  static constexpr std::int64_t kSealBatch = 16 * 1024;
  /// Seals the next records and signs a checkpoint. Signs nothing that contradicts what it signed:
  /// records that do not continue the chain, a log shorter than its tree, tiles that do not lead to
  /// the last root, a root that this log's keys did not sign, and a tree that does not continue the
  /// one this object saw before are refused as `damaged`, once the sound records before are sealed.
  Result<Sealed> seal();
  /// The same until there is nothing left.
  Result<Sealed> seal_all();

  /// The last one that was signed; `not_sealed` before.
  Result<TreeState> checkpoint() const;

  struct Inclusion {
    std::int64_t size = 0;  ///< of the tree
    tlog::Hash root = {};
    tlog::Hash leaf = {};
    tlog::Hashes hashes;
    std::string checkpoint = {};  ///< the signed note, when `size` is that of the last one
  };
  /// That the record is in the tree of `size` leaves (nothing: of the last checkpoint). O(log n).
  Result<Inclusion> inclusion(std::int64_t sequence, std::optional<std::int64_t> size = {}) const;

  struct Consistency {
    std::int64_t from = 0, to = 0;
    tlog::Hash from_root = {}, to_root = {};
    tlog::Hashes hashes;
    std::string checkpoint = {};  ///< the signed note, when `to` is that of the last one
  };
  /// That the tree of `to` leaves (nothing: of the last checkpoint) begins with that of `from`.
  Result<Consistency> consistency(std::int64_t from, std::optional<std::int64_t> to = {}) const;

  /// The record with its proof in the last checkpoint, as C2SP tlog-proof; the entry is its extra
  /// data. Holds the record: for those who may read it.
  Result<std::string> prove(std::int64_t sequence) const;

  /// The bytes of a tile, exactly as wide as its name says.
  Result<std::string> tile(unsigned level, const tlog::TileName& name) const;
  /// The entries below a tile of level 0, each after its length in two bytes, big-endian. Holds the
  /// records: for those who may read them.
  Result<std::string> entry_bundle(const tlog::TileName& name) const;

 private:
  void remember(const TreeState& seen);

  db::Database& database_;
  LogKeys keys_;
  std::mutex mutex_;
  TreeState last_;  ///< guarded by mutex_; the largest that was seen, so that nothing sets it back
};

}  // namespace imp::audit
