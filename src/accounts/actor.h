#pragma once

#include <string>
#include <vector>

#include "base/failure.h"

namespace imp::accounts {

/// Who does something, for rights and for the audit log.
struct Actor {
  std::string person_id = {};  ///< empty for the system and for callers that nobody knows
  std::string name = {};       ///< the person's name, "system", or "" when nobody is known
  bool is_admin = false;       ///< an administrator of this server, or the system itself
  std::string via = {};        ///< "session", "token:<key>", "password", "command line", …
  std::string address = {};    ///< where the request came from; empty for the command line
  std::string request_id = {};
  bool in_browser = false;  ///< came with a complete browser session
  /// Came with a token that does not act for the person in everything: no account action, and
  /// changes only in `organizations` (names).
  bool limited = false;
  std::vector<std::string> organizations = {};

  /// The operator at the command line, or the server itself: may do everything.
  static Actor system(std::string via = "command line") {
    return {.name = "system", .is_admin = true, .via = std::move(via)};
  }
  /// Somebody who has not signed in.
  static Actor anonymous(std::string address, std::string request_id = {}) {
    return {.via = "anonymous", .address = std::move(address), .request_id = std::move(request_id)};
  }
  bool is_system() const { return person_id.empty() && is_admin; }
};

/// credential_limited for account actions with a limited token.
Result<void> require_full_credential(const Actor& actor);
/// The same for changes of the organisation of this name.
Result<void> require_organization_reach(const Actor& actor, const std::string& organization);

}  // namespace imp::accounts
