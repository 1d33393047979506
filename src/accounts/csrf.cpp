#include "accounts/csrf.h"

#include <fmt/format.h>

#include "accounts/refusal.h"
#include "base/encoding.h"
#include "crypto/hash.h"

namespace imp::accounts {
namespace {

/// scheme://authority of a URL.
std::string_view origin_of(std::string_view url) {
  const std::size_t authority = url.find("://");
  if (authority == std::string_view::npos) return {};
  return url.substr(0, url.find('/', authority + 3));
}

}  // namespace

std::string csrf_token_of(std::string_view session_secret) {
  return base64url(crypto::hmac_sha256(bytes_of(session_secret), bytes_of("csrf")));
}

Result<void> check_csrf(const http::Request& request, const BrowserSession& session) {
  std::string given(request.header(kCsrfHeader));
  if (given.empty()) given = request.form(kCsrfField).value_or("");
  if (!session.csrf_token.empty() &&
      crypto::equal_in_constant_time(std::string_view(given), session.csrf_token)) {
    return {};
  }
  return refuse(AccountRefusal::csrf_failed,
                "The form is too old or came from another site; reload the page and try again.");
}

Result<void> check_same_origin(const http::Request& request, std::string_view public_url) {
  const std::string_view site = request.header("sec-fetch-site");
  const std::string_view origin = request.header("origin");
  const bool foreign_site = !site.empty() && site != "same-origin" && site != "none";
  const bool foreign_origin = !origin.empty() && origin != origin_of(public_url);
  if (!foreign_site && !foreign_origin) return {};
  return refuse(AccountRefusal::csrf_failed,
                "The form was sent from another site; open the page at the server's own address.",
                fmt::format("origin {}, sec-fetch-site {}", origin, site));
}

}  // namespace imp::accounts
