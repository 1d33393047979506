#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/access_token.h"
#include "accounts/actor.h"
#include "accounts/last_used.h"
#include "accounts/person.h"
#include "accounts/services.h"
#include "accounts/token_cache.h"
#include "accounts/trail.h"
#include "db/database.h"

namespace imp::accounts {

/// For other modules inside their own transactions: refuses a token that was revoked or has expired
/// since the request began. credential_invalid.
Result<void> still_stands(db::Session& session, const AccessToken& token, Time now);

struct NewToken {
  std::string name = {};  ///< required for granular tokens
  std::string description = {};
  TokenKind kind = TokenKind::granular;
  TokenReach reach = {};
  bool bypass_2fa = false;
  std::vector<std::string> cidr_whitelist = {};
  /// Absent: the default of the kind (login and personal: the settings'; granular: 7 days when it
  /// can write, 30 when not). Longer than the kind's maximum is refused.
  std::optional<Milliseconds> lifetime = {};
};

/// The reach of login and personal tokens.
TokenReach full_reach();

/// The token in the clear, shown this once.
struct MintedToken {
  std::string token;
  AccessToken row;
};

/// Access tokens: at most 1000 a person, 50 packages and scopes and 50 organisations each.
class AccessTokens {
 public:
  AccessTokens(const Services& services, Trail& trail);

  /// Refusals of malformed input carry the texts that npm's own registry uses.
  Result<MintedToken> create(const Person& person, const NewToken& token, const Actor& actor);
  /// The same inside a caller's transaction (web login mints when the token is collected).
  Result<MintedToken> create_in(db::Session& session, const Person& person, const NewToken& token,
                                const Actor& actor);

  /// Newest first; expired ones too, until they are purged.
  Result<std::vector<AccessToken>> list(std::string_view person_id) const;
  /// By key, by the token itself, or by a prefix of the key of at least six characters that only
  /// one of the person's tokens has. A limited token may revoke only itself. token_not_found,
  /// token_ambiguous.
  Result<void> revoke(const Person& person, std::string_view key_or_token, const Actor& actor);

  struct Verified {
    std::shared_ptr<const Person> person;
    std::shared_ptr<const AccessToken> token;
  };
  /// Whose token it is. One SHA-256 and a look-up in memory; the database is asked at most once a
  /// second and token. A token revoked through this object is refused at once; one revoked by
  /// another process within a second. Notes the use for flush_last_used(). credential_invalid,
  /// token_expired, address_not_allowed.
  Result<Verified> verify(std::string_view token, std::string_view address);

  /// Writes the times of last use that were noted since the last call, in one transaction.
  Result<void> flush_last_used();
  /// Deletes tokens that expired more than `age` ago; returns how many.
  Result<std::int64_t> purge_expired(Milliseconds age);
  /// Forgets what was read of tokens and their people: after a change of a person.
  void forget_cached() { cache_.clear(); }

 private:
  const Services& services_;
  Trail& trail_;
  TokenCache cache_;
  LastUsed last_used_;
};

}  // namespace imp::accounts
