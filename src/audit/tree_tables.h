#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "db/database.h"
#include "tlog/tiles.h"

namespace imp::audit {

// How the Merkle tree of the log is kept: tiles of up to 256 hashes, a row each. The last of each
// level grows in place; smaller trees are read from the beginnings of its tiles.

/// audit_tree (one row), audit_tiles, audit_log_keys.
db::Migration tree_migration();

struct TreeState {
  std::int64_t size = 0;   ///< records that are sealed
  std::string root;        ///< base64; empty while nothing is
  std::string checkpoint;  ///< the signed note of this size; empty while nothing is
};
/// Nothing when the row is gone or holds no numbers.
std::optional<TreeState> tree_state(db::Session& session);

/// The tile's hashes, as many as are stored; nothing when it is absent or damaged.
std::optional<tlog::Hashes> stored_tile(db::Session& session, unsigned level, std::uint64_t index);
void store_tile(db::Session& session, unsigned level, std::uint64_t index,
                const tlog::Hashes& hashes);

/// Reads tiles inside the transaction. A tile that is absent, damaged or too short is a StoreError.
tlog::TileSource tiles_of(db::Session& session);

}  // namespace imp::audit
