#include "web/frame/handlers.h"

#include <algorithm>
#include <array>
#include <memory>

#include "accounts/csrf.h"
#include "base/encoding.h"
#include "registry/api/routes.h"

namespace imp::web {

namespace {

/// The first words of this module's paths. All are names that packages have.
constexpr std::array<std::string_view, 12> kWords = {"login",    "logout", "setup",   "account",
                                                     "package",  "org",    "project", "pipelines",
                                                     "workflow", "job",    "deploys", "staged"};

std::string_view first_word(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

/// npm and its kin name a JSON type; browsers name HTML, and other tools take anything.
bool asks_for_json(const http::Request& request) {
  const std::string_view accept = request.header("accept");
  return accept.contains("json") && !accept.contains("text/html");
}

/// What the registry answers at paths of packages.
http::Response registry_answer(const http::Router& packages, const http::Request& request) {
  http::Request copy = request;
  const auto match = packages.match(copy);
  return match.route ? match.route->handler(copy) : http::failure(match.refusal);
}

/// The page to come back to: the one that was asked for, or the one with the form that was sent.
std::string page_before(const Visit& visit) {
  if (visit.request.method != http::Method::post) return visit.request.target;
  std::string_view referrer = visit.request.header("referer");
  if (!referrer.starts_with(visit.services.public_url)) return "/";
  referrer.remove_prefix(visit.services.public_url.size());
  return local_path(referrer);
}

http::Response to_sign_in(const Visit& visit) {
  http::Response response = http::see_other("/login?next=" + percent_encode(page_before(visit)));
  add_security_headers(response);
  return response;
}

http::Response respond(const Visit& visit, Audience audience, const Action& action) {
  if (audience == Audience::signed_in && !visit.signed_in()) return to_sign_in(visit);
  auto response = action(visit);
  return response ? std::move(*response) : show_failure(visit, response.error());
}

Visit visit_of_stranger(WebServices& services, const http::Request& request) {
  return {services, request, accounts::Caller::anonymous(request)};
}

Result<http::Response> sent(const Visit& visit, Audience audience, const Action& act) {
  if (audience == Audience::everyone) {
    const auto ours = accounts::check_same_origin(visit.request, visit.services.public_url);
    if (!ours) return pass_on(ours);
  }
  return act(visit);
}

http::Response respond_to_form(Visit visit, Audience audience, const Action& act,
                               const Action& show_again) {
  if (audience == Audience::signed_in && !visit.signed_in()) return to_sign_in(visit);
  auto done = sent(visit, audience, act);
  if (done) return std::move(*done);
  if (show_again) {
    visit.problem = &done.error();
    if (auto page = show_again(visit)) return std::move(*page);
    visit.problem = nullptr;
  }
  return show_failure(visit, done.error());
}

}  // namespace

bool is_page_request(const http::Request& request) {
  const std::string_view word = first_word(request.path());
  return std::ranges::find(kWords, word) != kWords.end() && !asks_for_json(request);
}

Result<Visit> visit_of(WebServices& services, const http::Request& request) {
  auto caller = services.accounts.authenticator.authenticate(request);
  if (!caller) return pass_on(caller);
  if (caller->signed_in() && caller->kind != accounts::CallerKind::session) {
    *caller = accounts::Caller::anonymous(request);
  }
  return Visit{services, request, std::move(*caller)};
}

std::string local_path(std::string_view path) {
  const bool local = path.starts_with('/') && !path.starts_with("//") &&
                     std::ranges::none_of(
                         path, [](unsigned char c) { return c <= 0x20 || c >= 0x7f || c == '\\'; });
  return std::string(local ? path : "/");
}

void add_page(http::Router& router, WebServices& services, std::string_view pattern,
              Audience audience, Action show, http::Pool pool) {
  auto packages = std::make_shared<http::Router>();
  registry::add_package_routes(*packages, services.registry);
  router.add(http::Method::get, pattern,
             [&services, audience, packages, show = std::move(show)](const http::Request& request) {
               if (request.path() != "/" && asks_for_json(request)) {
                 return registry_answer(*packages, request);
               }
               // Who has a credential that is no good still may see the sign-in page.
               const auto visit = visit_of(services, request);
               return respond(visit ? *visit : visit_of_stranger(services, request), audience,
                              show);
             },
             {.pool = pool});
}

void add_form(http::Router& router, WebServices& services, std::string_view pattern,
              Audience audience, Action act, Action show_again, http::Pool pool) {
  constexpr std::size_t body_limit = 256 * 1024;  // a variable's value, each byte written as three
  router.add(http::Method::post, pattern,
             [&services, audience, act = std::move(act),
              show_again = std::move(show_again)](const http::Request& request) {
               const auto visit = visit_of(services, request);
               if (!visit) return show_failure(visit_of_stranger(services, request), visit.error());
               return respond_to_form(*visit, audience, act, show_again);
             },
             {.body_limit = body_limit, .pool = pool});
}

}  // namespace imp::web
