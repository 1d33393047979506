#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "crypto/sealing.h"
#include "db/database.h"
#include "tlog/note.h"

namespace imp::audit {

/// How long a key that was rotated signs beside its successor, so that those who know only it have
/// the time to learn of the new one.
inline constexpr Milliseconds kKeyOverlap = std::chrono::days(30);

struct LogKey {
  tlog::VerifierKey key;
  Time created;
  std::optional<Time> signs_until;  ///< nothing for the key that signs; else when it stops, or did
};

/// The Ed25519 keys that sign the audit log's checkpoints. One signs; one that was rotated signs
/// beside it for a while. The private half is sealed in the table, and erased when it signs no
/// more. Every change is in the log itself, with the new verifier key, so that who trusts the old
/// key can learn the new one from the log. Thread-safe, also with several processes.
class LogKeys {
 public:
  LogKeys(db::Database& database, const crypto::Sealer& sealer, const Clock& clock)
      : database_(database), sealer_(sealer), clock_(clock) {}

  /// Makes the first key when there is none. `origin` names the log from then on, whatever comes.
  Result<void> ensure(const std::string& origin);

  /// A key that somebody else may know stops at once, and with it those before; any other signs on
  /// for kKeyOverlap.
  enum class OldKey { signs_on, stops };
  /// Makes a new key, which signs the checkpoint that is kept, and those that follow.
  Result<tlog::VerifierKey> rotate(OldKey old_key);

  /// All keys there ever were, newest first.
  Result<std::vector<LogKey>> list() const;
  std::vector<LogKey> list(db::Session& session) const;

  /// The keys that sign now, the newest first; empty when there is none.
  Result<std::vector<tlog::NoteSigner>> signers(db::Session& session) const;
  /// Erases the private half of keys whose time is over.
  void retire(db::Session& session) const;

 private:
  db::Database& database_;
  const crypto::Sealer& sealer_;
  const Clock& clock_;
};

}  // namespace imp::audit
