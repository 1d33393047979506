#include "accounts/authenticator.h"

#include <algorithm>

#include "accounts/csrf.h"
#include "accounts/refusal.h"

namespace imp::accounts {
namespace {

bool changes_something(http::Method method) {
  return method != http::Method::get && method != http::Method::head;
}

bool given_twice(const http::Request& request, std::string_view name) {
  return std::ranges::count_if(request.headers, [&](const auto& header) {
           return http::equal_ignoring_case(header.first, name);
         }) > 1;
}

std::unexpected<Failure> malformed(std::string message) {
  return refuse(AccountRefusal::credential_malformed, std::move(message));
}

}  // namespace

Result<Caller> Authenticator::authenticate(const http::Request& request) {
  const auto decide = [&]() -> Result<Caller> {
    if (request.has_header("authorization")) {
      // Two parties that read different ones of them would see different callers.
      if (given_twice(request, "authorization")) return malformed("Authorization was sent twice.");
      if (const std::string_view token = request.bearer(); !token.empty()) {
        return with_token(request, token);
      }
      return with_basic(request);
    }
    if (request.has_header("circle-token")) {
      if (given_twice(request, "circle-token")) return malformed("Circle-Token was sent twice.");
      return with_token(request, request.header("circle-token"));
    }
    return with_cookie(request);
  };
  Result<Caller> caller = decide();
  // Failed passwords were recorded where they were checked.
  if (!caller && caller.error().code() != reason(AccountRefusal::sign_in_failed).code &&
      caller.error().code() != reason(AccountRefusal::too_many_attempts).code &&
      caller.error().code() != reason(AccountRefusal::too_busy).code) {
    trail_.refused(Actor::anonymous(request.remote_address, request.id), "authenticate", "",
                   caller.error());
  }
  return caller;
}

Result<Caller> Authenticator::require_person(const http::Request& request) {
  auto caller = authenticate(request);
  if (!caller || caller->signed_in()) return caller;
  return refuse(AccountRefusal::not_signed_in, "You must be signed in to do this.");
}

Result<Caller> Authenticator::with_token(const http::Request& request, std::string_view token) {
  auto verified = tokens_.verify(token, request.remote_address);
  if (!verified) return pass_on(verified);
  Caller caller = Caller::anonymous(request);
  caller.kind = CallerKind::token;
  caller.person = std::move(verified->person);
  caller.token = std::move(verified->token);
  return caller;
}

Result<Caller> Authenticator::with_basic(const http::Request& request) {
  const auto credentials = request.basic();
  if (!credentials) {
    return malformed("The Authorization header must be \"Bearer <token>\" or a well-formed Basic.");
  }
  const auto& [user, password] = *credentials;
  if (is_token(password)) return with_token(request, password);
  if (password.empty() && is_token(user)) return with_token(request, user);

  auto person =
      sign_in_.check_password(user, password, Actor::anonymous(request.remote_address, request.id));
  if (!person) return pass_on(person);
  const auto second = services_.database.read(
      [&](db::Session& session) -> Result<bool> { return has_second_factor(session, person->id); });
  if (!second) return pass_on(second);
  if (*second) {
    return refuse(AccountRefusal::password_not_enough,
                  "This account has a second factor: its password alone is not enough. "
                  "Use an access token as the password.",
                  "user:" + person->name);
  }
  return Caller::with_password(std::move(*person), request);
}

Result<Caller> Authenticator::with_cookie(const http::Request& request) {
  Caller caller = Caller::anonymous(request);
  const std::string_view cookie = request.cookie(kSessionCookie);
  if (cookie.empty()) return caller;
  auto session = sessions_.find(cookie);
  if (!session) return pass_on(session);
  if (!*session) return caller;
  if (changes_something(request.method)) {
    if (auto checked = check_csrf(request, **session); !checked) return pass_on(checked);
  }
  caller.session = std::move(**session);
  if (caller.session->pending) return caller;
  auto person = people_.by_id(caller.session->person_id);
  if (!person) return pass_on(person);
  caller.kind = CallerKind::session;
  caller.person = std::make_shared<const Person>(std::move(*person));
  return caller;
}

void add_notice(http::Response& response, std::string_view text) {
  // A message may quote a claim; a header holds printable ASCII and nothing else.
  std::string plain;
  for (const char c : text) plain += c >= ' ' && c <= '~' ? c : '?';
  response.header("npm-notice", plain);
}

http::Response refusal_response(const Failure& failure) {
  http::Response response = http::failure(failure);
  if (failure.kind() == FailureKind::unauthenticated) add_notice(response, failure.message);
  if (failure.code() == reason(AccountRefusal::address_not_allowed).code) {
    response.header("www-authenticate", "ipaddress");
  } else if (failure.code() == reason(AccountRefusal::sign_in_failed).code) {
    // What npm takes for "the password is wrong"; no page of the web app is answered like this.
    response.header("www-authenticate", "Basic");
  } else if (failure.kind() == FailureKind::unauthenticated) {
    response.header("www-authenticate", "Bearer");
  } else if (failure.kind() == FailureKind::challenge) {
    response.header("www-authenticate", "OTP");
  }
  return response;
}

}  // namespace imp::accounts
