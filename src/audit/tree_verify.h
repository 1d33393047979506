#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log_keys.h"
#include "audit/tree_tables.h"
#include "audit/verify.h"
#include "tlog/checkpoint.h"

namespace imp::audit {

enum class TreeDamage : std::uint8_t {
  rewritten,   ///< a record is not the one that was sealed or remembered, though the chain holds
  cut,         ///< there are less records than were sealed or remembered
  tree,        ///< tiles or root do not follow from the records
  checkpoint,  ///< the checkpoint that is kept is not signed by this log, or of another tree
};
/// Stable, in lower snake case.
std::string_view code(TreeDamage damage);

/// A checkpoint that was noted outside of the database, its signature checked already. Only this
/// finds a log that was rewritten with its tree by someone who has its key, or who took the tree
/// away and had the server make it anew.
struct Remembered {
  std::string name;  ///< for the finding: the file
  tlog::Checkpoint checkpoint;
};

struct LogReport {
  struct Finding {
    TreeDamage damage;
    std::int64_t position = 0;  ///< the first record that may be wrong; 0 when none can be named
    std::string text;
  };
  VerifyReport chain;              ///< its finding is the first, when it has one
  TreeState tree;                  ///< as it is kept
  std::optional<Finding> finding;  ///< of the tree and the remembered checkpoints

  bool intact() const { return chain.intact() && !finding; }
};

/// Walks chain and tree in one snapshot: the whole log is read once, every hash is computed anew
/// and compared with what is stored and what was remembered. `keys` are the log's own.
Result<LogReport> verify_log(db::Database& database, const LogKeys& keys,
                             const std::optional<Anchor>& anchor,
                             std::vector<Remembered> remembered);

}  // namespace imp::audit
