#include "web/people/account_pages.h"

#include <boost/json.hpp>

#include "accounts/refusal.h"
#include "web/frame/handlers.h"
#include "web/frame/model.h"
#include "web/people/passkey_pages.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::string_view kProfile = "/account/profile";

boost::json::array tokens_model(const std::vector<accounts::AccessToken>& tokens, Time now) {
  boost::json::array items;
  for (const accounts::AccessToken& token : tokens) {
    items.push_back({{"key", token.key},
                     {"redacted", token.redacted},
                     {"token_name", token.name},
                     {"kind", accounts::name(token.kind)},
                     {"read_only", token.read_only()},
                     {"last_used", time_model(token.last_used, now)},
                     {"expires", time_model(token.expires, now)}});
  }
  return items;
}

boost::json::array sessions_model(const std::vector<accounts::BrowserSession>& sessions,
                                  std::string_view current, Time now) {
  boost::json::array items;
  for (const accounts::BrowserSession& session : sessions) {
    items.push_back({{"id", session.id},
                     {"agent", session.user_agent},
                     {"browser", browser_text(session.user_agent)},
                     {"address", session.address},
                     {"current", session.id == current},
                     {"last_seen", time_model(session.last_seen, now)}});
  }
  return items;
}

Result<http::Response> change_profile(const Visit& visit) {
  auto& accounts = visit.services.accounts;
  const auto confirmed =
      confirm(visit, {.action = "account.profile"}, accounts::WithoutFactor::allow);
  if (!confirmed) return pass_on(confirmed);
  const auto changed = accounts.people.change_profile(
      visit.person(), {.email = visit.field("email"), .fullname = visit.field("fullname")},
      visit.actor());
  if (!changed) return pass_on(changed);
  return http::see_other("/account?done=saved");
}

Result<http::Response> change_password(const Visit& visit) {
  if (visit.raw_field("new") != visit.raw_field("again")) {
    return refuse(WebRefusal::passwords_differ, "The two new passwords are not the same.");
  }
  if (const auto right = check_password_field(visit); !right) return pass_on(right);
  const auto confirmed =
      confirm(visit, {.action = "account.password"}, accounts::WithoutFactor::allow);
  if (!confirmed) return pass_on(confirmed);
  const auto changed = visit.services.accounts.people.set_password(
      visit.person(), visit.raw_field("new"), visit.actor(), visit.caller.session->id);
  if (!changed) return pass_on(changed);
  return http::see_other("/account?done=password");
}

Result<http::Response> end_session(const Visit& visit) {
  const auto ended =
      visit.services.accounts.sessions.end_by_id(visit.person(), visit.param("id"), visit.actor());
  if (!ended) return pass_on(ended);
  return http::see_other("/account?done=removed#sessions");
}

}  // namespace

Result<void> check_password_field(const Visit& visit) {
  const auto person = visit.services.accounts.sign_in.check_password(
      visit.person().name, visit.raw_field("password"), visit.actor());
  if (!person) return pass_on(person);
  return {};
}

Result<http::Response> show_account(const Visit& visit) {
  auto& accounts = visit.services.accounts;
  const accounts::Person& person = visit.person();
  const auto factor = accounts.second_factors.state(person.id);
  if (!factor) return pass_on(factor);
  const auto tokens = accounts.tokens.list(person.id);
  if (!tokens) return pass_on(tokens);
  const auto sessions = accounts.sessions.list(person.id);
  if (!sessions) return pass_on(sessions);
  const auto passkeys = accounts.passkeys.list(person.id);
  if (!passkeys) return pass_on(passkeys);
  const Time now = visit.services.clock.now();
  const bool changing = visit.problem != nullptr && visit.request.path() == kProfile;
  Page page{.title = "Your account",
            .content = "account",
            .model = {{"name", person.name},
                      {"fullname", changing ? visit.field("fullname") : person.fullname},
                      {"email", changing ? visit.field("email") : person.email},
                      {"recovery_codes_left", factor->recovery_codes_left},
                      {"administrator", person.is_admin},
                      {"new_token", visit.field("token_name")},
                      {"passkeys_available", accounts.passkeys.available()},
                      {"passkey_list", passkeys_model(*passkeys, now)},
                      {"tokens", tokens_model(*tokens, now)},
                      {"sessions", sessions_model(*sessions, visit.caller.session->id, now)}}};
  add_factor(page, *factor);
  return show(visit, std::move(page));
}

void add_account_pages(http::Router& router, WebServices& services) {
  add_page(router, services, "/account", Audience::signed_in, show_account);
  add_form(router, services, kProfile, Audience::signed_in, change_profile, show_account);
  add_form(router, services, "/account/password", Audience::signed_in, change_password,
           show_account);
  add_form(router, services, "/account/sessions/{id}/end", Audience::signed_in, end_session,
           show_account);
}

}  // namespace imp::web
