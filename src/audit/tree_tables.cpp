#include "audit/tree_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"

namespace imp::audit {

db::Migration tree_migration() {
  return {.name = "audit-tree/1",
          .sql =
              "CREATE TABLE audit_tree (\n"
              "  id BIGINT PRIMARY KEY,\n"
              "  size BIGINT NOT NULL,\n"
              "  root TEXT NOT NULL,\n"
              "  checkpoint TEXT NOT NULL\n"
              ");\n"
              "INSERT INTO audit_tree (id, size, root, checkpoint) VALUES (1, 0, '', '');\n"
              "CREATE TABLE audit_tiles (\n"
              "  level BIGINT NOT NULL,\n"
              "  tile BIGINT NOT NULL,\n"
              "  hashes TEXT NOT NULL,\n"  // base64 of up to 256 times 32 bytes
              "  PRIMARY KEY (level, tile)\n"
              ");\n"
              "CREATE TABLE audit_log_keys (\n"
              "  vkey TEXT PRIMARY KEY,\n"
              "  sealed_private_key TEXT,\n"  // null once the key is retired
              "  signs BIGINT NOT NULL,\n"
              "  created BIGINT NOT NULL,\n"
              "  signs_until BIGINT\n"
              ");\n"
              "CREATE UNIQUE INDEX audit_log_keys_one_signs ON audit_log_keys (signs) WHERE signs "
              "= 1;\n"};
}

std::optional<TreeState> tree_state(db::Session& session) {
  const auto row = session.row("SELECT size, root, checkpoint FROM audit_tree WHERE id = :p1", {1});
  if (!row) return std::nullopt;
  try {
    return TreeState{.size = row->integer(0), .root = row->text(1), .checkpoint = row->text(2)};
  } catch (const db::StoreError&) {
    return std::nullopt;
  }
}

std::optional<tlog::Hashes> stored_tile(db::Session& session, unsigned level, std::uint64_t index) {
  const auto row = session.row("SELECT hashes FROM audit_tiles WHERE level = :p1 AND tile = :p2",
                               {std::int64_t{level}, static_cast<std::int64_t>(index)});
  if (!row) return std::nullopt;
  const auto bytes = from_base64(row->text(0));
  if (!bytes || bytes->empty() || bytes->size() % sizeof(tlog::Hash) != 0 ||
      bytes->size() > tlog::kTileWidth * sizeof(tlog::Hash)) {
    return std::nullopt;
  }
  tlog::Hashes hashes(bytes->size() / sizeof(tlog::Hash));
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    std::copy_n(bytes->begin() + static_cast<std::ptrdiff_t>(i * sizeof(tlog::Hash)),
                sizeof(tlog::Hash), hashes[i].begin());
  }
  return hashes;
}

void store_tile(db::Session& session, unsigned level, std::uint64_t index,
                const tlog::Hashes& hashes) {
  Bytes bytes;
  bytes.reserve(hashes.size() * sizeof(tlog::Hash));
  for (const tlog::Hash& hash : hashes) bytes.insert(bytes.end(), hash.begin(), hash.end());
  session.run(
      "INSERT INTO audit_tiles (level, tile, hashes) VALUES (:p1, :p2, :p3) "
      "ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes",
      {std::int64_t{level}, static_cast<std::int64_t>(index), base64(bytes)});
}

tlog::TileSource tiles_of(db::Session& session) {
  return [&session](unsigned level, std::uint64_t index, std::size_t width) {
    auto hashes = stored_tile(session, level, index);
    if (!hashes || hashes->size() < width) {
      throw db::StoreError(
          fmt::format("tile {} of level {} of the audit log's tree is missing or damaged", index,
                      level),
          false);
    }
    return std::move(*hashes);
  };
}

}  // namespace imp::audit
