#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "crypto/random.h"

namespace imp::accounts {

/// "imp_", 36 characters of [0-9A-Za-z] (214 bits), then 6 that are their CRC-32 in base 62, most
/// significant digit first, padded with '0': a scanner can tell a token from look-alikes offline.
std::string generate_token(crypto::Random& random);
/// True when the text has that form and its checksum agrees.
bool is_token(std::string_view text);
/// "imp_aBcD...7890": what may be shown again.
std::string redact_token(std::string_view token);

enum class TokenKind : std::uint8_t {
  login,     ///< from `npm login`: acts for the person in everything
  personal,  ///< made on the command line or the web for scripts and the CI API: the same
  granular,  ///< `npm token create`: what its reach says, and no account or governance action
};
std::string_view name(TokenKind kind);

/// npm's `packages_and_scopes_permission` and `orgs_permission`.
enum class TokenPermission : std::uint8_t {
  no_access,   ///< "no-access"
  read_only,   ///< "read-only"
  stage_only,  ///< "read-write-stage-only": reads, and stages releases, but never publishes
  read_write,  ///< "read-write"
};
std::string_view name(TokenPermission permission);  ///< npm's word
std::optional<TokenPermission> token_permission(std::string_view npm_word);

enum class PackageUse : std::uint8_t { read, stage, write };

/// What a token reaches. For login and personal tokens everything that the permission allows.
struct TokenReach {
  TokenPermission packages_permission = TokenPermission::read_only;
  bool all_packages = false;
  std::vector<std::string> packages = {};  ///< full names
  std::vector<std::string> scopes = {};    ///< with '@'
  TokenPermission orgs_permission = TokenPermission::no_access;
  std::vector<std::string> orgs = {};  ///< names without '@'
};

/// One row of the table of tokens; the token itself is not kept.
struct AccessToken {
  std::string key = {};  ///< UUID
  std::string person_id = {};
  std::string redacted = {};
  std::string name = {}, description = {};
  TokenKind kind = TokenKind::granular;
  TokenReach reach = {};
  bool bypass_2fa = false;
  std::vector<std::string> cidr_whitelist = {};  ///< empty: from everywhere
  Time created = {};
  std::optional<Time> expires = {};    ///< valid before this instant
  std::optional<Time> last_used = {};  ///< may be behind by the time between two flushes

  /// Whether the token may be used for this on this package. Says nothing about the person's
  /// rights.
  bool reaches_package(std::string_view package, PackageUse use) const;
  bool reaches_organization(std::string_view organization, bool write) const;
  /// Login and personal tokens that are not limited to reading: good for account, CI API and
  /// governance actions.
  bool acts_fully() const;
  bool read_only() const;  ///< npm's `readonly`
};

}  // namespace imp::accounts
