#include "web/people/passkey_pages.h"

#include <boost/json.hpp>

#include "accounts/refusal.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/people/account_pages.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::string_view kNew = "/account/passkeys/new";
/// Stands for a browser that has no session yet, between the question and the answer.
constexpr std::string_view kBrowserCookie = "imp_passkey";
constexpr std::size_t kSecretBytes = 32;

std::string stranger(std::string_view secret) { return "browser:" + crypto::sha256_hex(secret); }

Result<http::Response> begin(const Visit& visit) {
  if (const auto right = check_password_field(visit); !right) return pass_on(right);
  const auto confirmed = confirm(visit, {.action = "passkey.add"}, accounts::WithoutFactor::allow);
  if (!confirmed) return pass_on(confirmed);
  const auto begun =
      visit.services.accounts.passkeys.begin(visit.person(), browser_of(visit), visit.actor());
  if (!begun) return pass_on(begun);
  return http::see_other(kNew);
}

Result<http::Response> show_new(const Visit& visit) {
  const auto options =
      visit.services.accounts.passkeys.creation_options(visit.person(), browser_of(visit));
  // Nothing is being added: back to where that is begun.
  if (!options) return http::see_other("/account#passkeys");
  return show(visit, {.title = "Add a passkey",
                      .content = "passkey",
                      .model = {{"options", boost::json::serialize(*options)},
                                {"passkey_name", visit.field("passkey_name")}},
                      .trail = {{"Your account", "/account"}},
                      .scripts = {"passkeys.js"}});
}

Result<http::Response> add(const Visit& visit) {
  const auto name = visit.required("passkey_name", "A name for the passkey");
  if (!name) return pass_on(name);
  const auto added = visit.services.accounts.passkeys.add(
      visit.person(), browser_of(visit), *name, visit.raw_field("passkey"), visit.actor());
  if (!added) return pass_on(added);
  if (!added->recovery_codes.empty()) return show_recovery_codes(visit, added->recovery_codes);
  return http::see_other("/account?done=added#passkeys");
}

Result<http::Response> remove(const Visit& visit) {
  if (const auto right = check_password_field(visit); !right) return pass_on(right);
  const auto confirmed = confirm(visit, {.action = "passkey.remove", .subject = visit.param("id")},
                                 accounts::WithoutFactor::refuse);
  if (!confirmed) return pass_on(confirmed);
  const auto removed =
      visit.services.accounts.passkeys.remove(visit.person(), visit.param("id"), visit.actor());
  if (!removed) return pass_on(removed);
  return http::see_other("/account?done=removed#passkeys");
}

/// A question for the browser's authenticators, for the purpose that the form names. Asked by a
/// script, so refusals are JSON.
Result<http::Response> ask(const Visit& visit) {
  auto& accounts = visit.services.accounts;
  const accounts::Purpose purpose{.action = visit.field("action"),
                                  .subject = visit.field("subject")};
  const bool nobody = purpose.action == accounts::passkey_sign_in().action;
  std::string person, browser = browser_of(visit), secret;
  if (nobody) {
    secret = base64url(accounts.services.random.bytes(kSecretBytes));
    browser = stranger(secret);
  } else if (visit.caller.session) {
    person = visit.caller.session->person_id;
  } else {
    return http::failure(
        refuse(accounts::AccountRefusal::not_signed_in, "Your session has ended; sign in again.")
            .error());
  }
  const auto options = accounts.passkeys.request_options(person, browser, purpose, visit.actor());
  if (!options) return http::failure(options.error());
  http::Response response = http::json(200, *options);
  if (nobody) {
    response.header("set-cookie",
                    fmt::format("{}={}; Path=/login; Max-Age=300; HttpOnly; SameSite=Strict{}",
                                kBrowserCookie, secret, visit.request.secure ? "; Secure" : ""));
  }
  return response;
}

Result<http::Response> sign_in(const Visit& visit) {
  auto& accounts = visit.services.accounts;
  const auto person = accounts.passkeys.sign_in(stranger(visit.request.cookie(kBrowserCookie)),
                                                visit.raw_field("passkey"), visit.actor());
  if (!person) return pass_on(person);
  const auto session =
      accounts.sessions.start(*person, visit.request, false, visit.services.clock.now());
  if (!session) return pass_on(session);
  http::Response response = http::see_other(local_path(visit.field("next")));
  response.header("set-cookie", session->set_cookie);
  return response;
}

}  // namespace

boost::json::array passkeys_model(const std::vector<accounts::Passkey>& passkeys, Time now) {
  boost::json::array items;
  for (const accounts::Passkey& passkey : passkeys) {
    items.push_back({{"id", passkey.id},
                     {"passkey_name", passkey.name},
                     {"backed_up", passkey.backed_up},
                     {"created", time_model(passkey.created, now)},
                     {"last_used", time_model(passkey.last_used, now)}});
  }
  return items;
}

void add_factor(Page& page, const accounts::SecondFactorState& factor) {
  page.model["factor_enabled"] = factor.enabled;
  page.model["totp"] = factor.totp;
  page.model["passkeys"] = factor.passkeys > 0;
  page.model["no_codes"] = factor.passkeys > 0 && !factor.totp;
  if (factor.passkeys > 0) page.scripts.push_back("passkeys.js");
}

void add_passkey_pages(http::Router& router, WebServices& services) {
  add_form(router, services, "/account/passkeys", Audience::signed_in, begin, show_account);
  add_page(router, services, kNew, Audience::signed_in, show_new);
  add_form(router, services, kNew, Audience::signed_in, add, show_new);
  add_form(router, services, "/account/passkeys/{id}/remove", Audience::signed_in, remove,
           show_account);
  add_form(router, services, "/login/passkey/options", Audience::everyone, ask);
  add_form(router, services, "/login/passkey", Audience::everyone, sign_in, show_sign_in);
}

}  // namespace imp::web
