#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace imp::accounts {

inline constexpr std::string_view kSessionCookie = "imp_session";

/// A browser that has signed in.
struct BrowserSession {
  std::string id = {};  ///< UUID, for lists and audit; not the secret
  std::string person_id = {};
  bool pending = false;  ///< the password was right, the second factor is still missing: nobody yet
  std::optional<Time> second_factor_at = {};  ///< when a second factor was last confirmed
  Time created = {}, last_seen = {};
  Time expires = {};  ///< valid before this instant, unless used again before
  std::string address = {}, user_agent = {};  ///< of the sign-in
  std::string csrf_token = {};                ///< to be sent back by every form; empty in lists
};

}  // namespace imp::accounts
