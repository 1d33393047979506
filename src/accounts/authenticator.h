#pragma once

#include "accounts/access_tokens.h"
#include "accounts/caller.h"
#include "accounts/people.h"
#include "accounts/second_factor.h"
#include "accounts/sessions.h"
#include "accounts/sign_in.h"
#include "http/request.h"
#include "http/response.h"

namespace imp::accounts {

/// Finds out who sent a request. The first of these that is present decides:
///  1. `Authorization: Bearer TOKEN`;
///  2. `Authorization: Basic` with a token as password (git, npm `_auth`) or as user name (CircleCI
///     clients), or with name and password; a password alone is refused for people with a second
///     factor;
///  3. `Circle-Token: TOKEN`;
///  4. the session cookie. With it, methods other than GET and HEAD need the CSRF token (csrf.h).
/// A credential that is wrong is a refusal, never an anonymous caller; but a cookie that has
/// expired is as good as none, since browsers send it without being asked. Tokens of other
/// modules (publish tokens) have their own prefix and must be looked at before.
class Authenticator {
 public:
  Authenticator(const Services& services, Trail& trail, People& people, SignIn& sign_in,
                AccessTokens& tokens, Sessions& sessions)
      : services_(services),
        trail_(trail),
        people_(people),
        sign_in_(sign_in),
        tokens_(tokens),
        sessions_(sessions) {}

  Result<Caller> authenticate(const http::Request& request);
  /// The same, and not_signed_in for anonymous callers.
  Result<Caller> require_person(const http::Request& request);

 private:
  Result<Caller> with_token(const http::Request& request, std::string_view token);
  Result<Caller> with_basic(const http::Request& request);
  Result<Caller> with_cookie(const http::Request& request);

  const Services& services_;
  Trail& trail_;
  People& people_;
  SignIn& sign_in_;
  AccessTokens& tokens_;
  Sessions& sessions_;
};

/// Adds the header that npm prints, whatever it does with the body.
void add_notice(http::Response& response, std::string_view text);

/// http::failure() and the `www-authenticate` header by which npm's clients tell the cases apart:
/// `ipaddress` for address_not_allowed, `Basic` for a wrong password, `OTP` for a second factor,
/// `Bearer` for other 401s. For a 401 npm prints a sentence of its own instead of the body's, so
/// ours goes along as a notice.
http::Response refusal_response(const Failure& failure);

}  // namespace imp::accounts
