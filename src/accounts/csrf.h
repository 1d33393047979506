#pragma once

#include <string>
#include <string_view>

#include "accounts/session.h"
#include "base/failure.h"
#include "http/request.h"

namespace imp::accounts {

/// The field of forms and the header of scripts that carry the CSRF token.
inline constexpr std::string_view kCsrfField = "csrf_token";
inline constexpr std::string_view kCsrfHeader = "x-csrf-token";

/// Derived from the session's secret by HMAC: needs no storage and dies with the session.
std::string csrf_token_of(std::string_view session_secret);

/// For requests that change something: the header or the form field must hold the session's token.
/// authenticate() has done this already for requests that came with a cookie.
Result<void> check_csrf(const http::Request& request, const BrowserSession& session);

/// For forms that have no session yet (sign-in, set-up): refuses requests that a browser says come
/// from another site (Sec-Fetch-Site, Origin). Requests with neither header are not from a browser
/// that could be tricked.
Result<void> check_same_origin(const http::Request& request, std::string_view public_url);

}  // namespace imp::accounts
