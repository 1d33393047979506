#pragma once

#include <functional>
#include <string_view>

#include "http/router.h"
#include "web/frame/page.h"

namespace imp::web {

/// Whether a page is for everybody or for people who are signed in.
enum class Audience { everyone, signed_in };

/// Shows a page, or does what a form asks and says where to go next.
using Action = std::function<Result<http::Response>(const Visit&)>;

/// Adds a page. Visitors who have to sign in are sent to do so and come back. Paths that could also
/// be a package's are the registry's for clients that ask for JSON. `pool`: see http/router.h.
void add_page(http::Router& router, WebServices& services, std::string_view pattern,
              Audience audience, Action show, http::Pool pool = http::Pool::database);

/// Adds what a form is sent to. With a session its CSRF token is required; forms for everyone must
/// come from this server's own pages. A refusal shows the page again with what went wrong; without
/// a page, or when that page is not for this visitor, a page with the refusal alone. `pool`: see
/// http/router.h.
void add_form(http::Router& router, WebServices& services, std::string_view pattern,
              Audience audience, Action act, Action show_again = {},
              http::Pool pool = http::Pool::database);

/// A visit by whoever has a complete browser session; anonymous otherwise.
Result<Visit> visit_of(WebServices& services, const http::Request& request);

/// A path of this server to go on to after signing in: "/" when `path` is anything else.
std::string local_path(std::string_view path);

/// True for requests of pages below the fixed words ("/login", "/package/…") which a package of
/// that name must not answer: those that do not ask for JSON. What the server's hot path must ask
/// first.
bool is_page_request(const http::Request& request);

}  // namespace imp::web
