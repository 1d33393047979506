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

/// How long a rotated key stays published: the life of the last token it signed, and a margin for
/// clocks and for tokens minted while the rotation ran.
inline constexpr Milliseconds key_overlap{2 * 3600 * 1000};

/// A key as relying parties see it.
struct IssuerKey {
  std::string kid;  ///< RFC 7638 thumbprint
  crypto::PublicKey key;
  Time created;
  std::optional<Time> published_until;  ///< nothing for the key that signs
};

/// The issuer's RSA keys (RS256, 2048 bits). One signs; those before it stay published until no
/// token of theirs can be valid. The private half is sealed in the table and erased at rotation.
/// Thread-safe, and safe with several processes on one database.
class SigningKeys {
 public:
  SigningKeys(db::Database& database, const crypto::Sealer& sealer, const Clock& clock);

  /// Makes the first key when there is none. Takes about 0.1 s then.
  Result<void> ensure();
  /// Makes a new key, which signs from now on. Returns its kid.
  Result<std::string> rotate(const accounts::Actor& by);

  /// The key that signs and those still published, newest first.
  Result<std::vector<IssuerKey>> published() const;

  struct Signer {
    std::string kid;
    crypto::PrivateKey key;
  };
  /// The key that signs now.
  Result<Signer> signer() const;

 private:
  db::Database& database_;
  const crypto::Sealer& sealer_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::optional<Signer> cached_;  ///< guarded by mutex_; valid while its kid is the newest
};

}  // namespace imp::ci
