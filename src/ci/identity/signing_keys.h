#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "accounts/actor.h"
#include "base/clock.h"
#include "base/failure.h"
#include "ci/identity/job_identity.h"
#include "crypto/keys.h"
#include "crypto/sealing.h"
#include "db/database.h"

namespace imp::ci {

std::vector<db::Migration> identity_migrations();

/// How long a new key is published before it signs: caches between this server and relying parties,
/// and those parties' own, have then seen it before the first token that needs it.
inline constexpr Milliseconds key_lead{10 * 60 * 1000};

/// How long a replaced key stays published after its last signature: the life of the last token it
/// signed, and a margin for clocks and for tokens minted while the new key took over.
inline constexpr Milliseconds key_overlap{2 * 3600 * 1000};

/// A key as relying parties see it.
struct IssuerKey {
  std::string kid;  ///< RFC 7638 thumbprint
  crypto::PublicKey key;
  Time created;
  Time signs_from;                      ///< in the future: published, and signs from then on
  std::optional<Time> published_until;  ///< nothing for the newest key
};

/// The issuer's RSA keys (RS256, 2048 bits). One signs; the next is published for a while before it
/// does, and those before it stay published until no token of theirs can be valid. Private halves
/// are sealed in the table, and erased once the next key signs.
/// Thread-safe, and safe with several processes on one database.
class SigningKeys {
 public:
  SigningKeys(db::Database& database, const crypto::Sealer& sealer, const Clock& clock);

  /// Makes the first key, which signs at once, when there is none. Takes about 0.1 s then.
  Result<void> ensure();

  struct Rotation {
    std::string kid;
    Time signs_from;
  };
  /// Makes a new key, which signs after key_lead; at once when nothing signs now. Refused with
  /// `rotation_under_way` while such a key waits.
  Result<Rotation> rotate(const accounts::Actor& by);

  struct Withdrawal {
    std::string signs;   ///< the key that signs now
    bool signed_tokens;  ///< the key that was withdrawn was the one that signed
  };
  /// Takes a key out of the published set at once, for one whose private half may be known to
  /// somebody: no token of its is good from then on. If it signed, the key that waits signs at
  /// once, or a new one does.
  Result<Withdrawal> withdraw(const std::string& kid, const accounts::Actor& by);

  /// Erases the private halves of keys that the next key has replaced, and keys that are no longer
  /// published. Writes only when there is something to erase; call it every few seconds.
  Result<void> tidy();

  /// The key that signs, the one that will, and those still published; newest first.
  Result<std::vector<IssuerKey>> published() const;

  struct Signer {
    std::string kid;
    crypto::PrivateKey key;
  };
  /// The key that signs now. With a session: as of its transaction.
  Result<Signer> signer() const;
  Result<Signer> signer(db::Session& session) const;

 private:
  db::Database& database_;
  const crypto::Sealer& sealer_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::optional<Signer> cached_;  ///< guarded by mutex_; valid while its kid is the newest
};

}  // namespace imp::ci
