#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "db/database.h"

namespace imp::accounts {

/// A passkey of a person, for lists.
struct Passkey {
  std::string id;             ///< UUID, for forms and audit; not the credential id
  std::string credential_id;  ///< base64url
  std::string name;           ///< what the person calls it
  bool backed_up = false;     ///< synchronised between devices
  Time created;
  std::optional<Time> last_used;
};

/// Oldest first.
std::vector<Passkey> passkeys_of(db::Session& session, const std::string& person_id);
std::int64_t count_passkeys(db::Session& session, const std::string& person_id);

}  // namespace imp::accounts
