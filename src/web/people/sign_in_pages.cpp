#include "accounts/refusal.h"
#include "base/encoding.h"
#include "web/frame/handlers.h"
#include "web/people/account_pages.h"
#include "web/people/passkey_pages.h"
#include "web/routes.h"

namespace imp::web {

namespace {

std::string next_of(const Visit& visit) {
  const std::string next =
      visit.request.method == http::Method::post ? visit.field("next") : visit.query("next");
  return local_path(next);
}

Result<http::Response> sign_in(const Visit& visit) {
  auto& accounts = visit.services.accounts;
  const auto person = accounts.sign_in.check_password(visit.field("name"),
                                                      visit.raw_field("password"), visit.actor());
  if (!person) return pass_on(person);
  const auto factor = accounts.second_factors.state(person->id);
  if (!factor) return pass_on(factor);
  const auto session = accounts.sessions.start(*person, visit.request, factor->enabled);
  if (!session) return pass_on(session);
  const std::string next = next_of(visit);
  http::Response response =
      http::see_other(factor->enabled ? "/login/code?next=" + percent_encode(next) : next);
  response.header("set-cookie", session->set_cookie);
  return response;
}

bool halfway(const Visit& visit) { return visit.caller.session && visit.caller.session->pending; }

Result<http::Response> show_code(const Visit& visit) {
  if (visit.signed_in()) return http::see_other(next_of(visit));
  if (!halfway(visit)) return http::see_other("/login?next=" + percent_encode(next_of(visit)));
  const accounts::BrowserSession& session = *visit.caller.session;
  const auto factor = visit.services.accounts.second_factors.state(session.person_id);
  if (!factor) return pass_on(factor);
  Page page{.title = "Second factor",
            .content = "login_code",
            .model = {{"next", next_of(visit)}, {"session", session.id}}};
  add_factor(page, *factor);
  return show(visit, std::move(page));
}

Result<http::Response> give_code(const Visit& visit) {
  if (!halfway(visit)) return http::see_other("/login?next=" + percent_encode(next_of(visit)));
  auto& accounts = visit.services.accounts;
  const auto person = accounts.people.by_id(visit.caller.session->person_id);
  if (!person) return pass_on(person);
  const auto checked = accounts.second_factors.check(
      *person, given_factor(visit), {.action = "sign_in", .subject = visit.caller.session->id},
      visit.actor());
  if (!checked) return pass_on(checked);
  const auto session =
      accounts.sessions.confirm_second_factor(*visit.caller.session, visit.request);
  if (!session) return pass_on(session);
  http::Response response = http::see_other(next_of(visit));
  response.header("set-cookie", session->set_cookie);
  return response;
}

Result<http::Response> sign_out(const Visit& visit) {
  if (visit.caller.session) {
    const auto ended = visit.services.accounts.sessions.end(*visit.caller.session, visit.actor());
    if (!ended) return pass_on(ended);
  }
  http::Response response = http::see_other("/?done=signed-out");
  response.header("set-cookie", accounts::Sessions::clearing_cookie(visit.request.secure));
  return response;
}

}  // namespace

Result<http::Response> show_sign_in(const Visit& visit) {
  if (visit.signed_in()) return http::see_other(next_of(visit));
  return show(visit,
              {.title = "Sign in",
               .content = "login",
               .model = {{"next", next_of(visit)},
                         {"name", visit.field("name")},
                         {"passkeys_available", visit.services.accounts.passkeys.available()}},
               .scripts = {"passkeys.js"}});
}

void add_sign_in_pages(http::Router& router, WebServices& services) {
  add_page(router, services, "/login", Audience::everyone, show_sign_in);
  add_form(router, services, "/login", Audience::everyone, sign_in, show_sign_in);
  add_page(router, services, "/login/code", Audience::everyone, show_code);
  add_form(router, services, "/login/code", Audience::everyone, give_code, show_code);
  add_form(router, services, "/logout", Audience::everyone, sign_out);
}

}  // namespace imp::web
