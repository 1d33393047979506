#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/failure.h"
#include "db/database.h"

namespace imp::hooks {

inline constexpr std::size_t kMostHooks = 20;  ///< of one package or organisation

/// Whose events a webhook is told: a package's, or those of all packages of an organisation.
struct Target {
  enum class Kind : std::uint8_t { package, organization } kind = Kind::package;
  std::string id;  ///< the package's name, or the organisation's id
  bool operator==(const Target&) const = default;
};
std::string_view name(Target::Kind kind);

/// A subscription. Its secret is sealed in the database and never shown again.
struct Hook {
  std::string id;  ///< UUID
  Target target;
  std::string url;
  std::vector<std::string> events;  ///< types; empty: all of them
  std::string created_by;           ///< user name of who set it up or changed it last
  Time created;
  std::string paused;  ///< why nothing is sent to it, a sentence; empty: it is active

  bool wants(std::string_view type) const;
};

/// What somebody asks for.
struct HookRequest {
  std::string url;
  std::vector<std::string> events;
  /// The key of the signatures: `whsec_` and base64 of 24 to 64 bytes; empty: one is made.
  std::string secret = {};
};
/// invalid_hook when the address cannot be sent to (https alone, unless private addresses are
/// allowed: then http, too), an event is not in `known`, or the secret is malformed.
Result<void> check(const HookRequest& request, std::span<const std::string_view> known,
                   bool private_addresses);
/// The bytes of a `whsec_` secret; nothing when it is not one.
std::optional<Bytes> secret_bytes(std::string_view secret);

/// The rows. `sealed` is the secret, sealed for hook_purpose().
std::string hook_purpose(std::string_view hook_id);
void add_hook(db::Session& session, const Hook& hook, std::string_view sealed);
std::vector<Hook> hooks_of(db::Session& session, const Target& target);
/// What one person set up or changed last, wherever it hangs.
std::vector<Hook> hooks_made_by(db::Session& session, std::string_view person);
/// One of this target's, or hook_not_found.
Result<Hook> find_hook(db::Session& session, const Target& target, std::string_view id);
/// Address, events, author and whether it is paused; with `sealed` the secret, too.
void update_hook(db::Session& session, const Hook& hook, const std::optional<std::string>& sealed);
/// With what waits for it and its log.
void remove_hook(db::Session& session, std::string_view id);

std::vector<db::Migration> migrations();

}  // namespace imp::hooks
