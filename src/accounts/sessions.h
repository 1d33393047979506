#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/actor.h"
#include "accounts/person.h"
#include "accounts/services.h"
#include "accounts/session.h"
#include "accounts/trail.h"
#include "http/request.h"

namespace imp::accounts {

/// A session and the Set-Cookie header value that hands it to the browser.
struct StartedSession {
  BrowserSession session;
  std::string set_cookie;
};

/// Browser sessions: 32 random bytes in a cookie (HttpOnly, SameSite=Lax, Secure over TLS), their
/// SHA-256 in the table. A session slides (Settings::session_idle) up to a fixed end
/// (Settings::session_maximum); a pending one lives ten minutes and does not slide.
class Sessions {
 public:
  Sessions(const Services& services, Trail& trail) : services_(services), trail_(trail) {}

  /// Always a fresh secret; a session that the request carried before is ended (no fixation).
  /// `pending`: the person has a second factor that was not given yet. `confirmed`: when one was,
  /// for sign-ins that need no password.
  Result<StartedSession> start(const Person& person, const http::Request& request, bool pending,
                               std::optional<Time> confirmed = std::nullopt);
  /// A second factor was given: completes a pending session or renews the confirmation. The secret
  /// changes, and with it the CSRF token.
  Result<StartedSession> confirm_second_factor(const BrowserSession& session,
                                               const http::Request& request);

  /// The session of a cookie value; nothing when it is unknown, ended or expired, or was last used
  /// more than five minutes from now, before the clock was set back. Moves `last_seen` forward at
  /// most every five minutes.
  Result<std::optional<BrowserSession>> find(std::string_view cookie_value);
  Result<std::vector<BrowserSession>> list(std::string_view person_id) const;

  /// Signs out. Unknown sessions are fine.
  Result<void> end(const BrowserSession& session, const Actor& actor);
  /// Ends one of the person's sessions by its id.
  Result<void> end_by_id(const Person& person, std::string_view id, const Actor& actor);
  Result<std::int64_t> purge_expired();

  /// The Set-Cookie header value that removes the cookie.
  static std::string clearing_cookie(bool secure);

 private:
  const Services& services_;
  Trail& trail_;
};

}  // namespace imp::accounts
