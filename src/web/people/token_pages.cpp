#include <boost/json.hpp>

#include "web/frame/handlers.h"
#include "web/people/account_pages.h"
#include "web/routes.h"

namespace imp::web {

namespace {

Result<http::Response> create_token(const Visit& visit) {
  accounts::NewToken token;
  auto token_name = visit.required("token_name", "What the token is for");
  if (!token_name) return pass_on(token_name);
  token.name = std::move(*token_name);
  token.kind = accounts::TokenKind::personal;
  token.reach = accounts::full_reach();
  const auto confirmed = confirm(visit, {.action = "token.create"}, accounts::WithoutFactor::allow);
  if (!confirmed) return pass_on(confirmed);
  const auto minted = visit.services.accounts.tokens.create(visit.person(), token, visit.actor());
  if (!minted) return pass_on(minted);
  return show(visit, {.title = "New token",
                      .content = "token_created",
                      .model = {{"token", {{"value", minted->token}, {"what", "the token"}}}},
                      .trail = {{"Your account", "/account"}}});
}

Result<http::Response> revoke_token(const Visit& visit) {
  const auto confirmed =
      confirm(visit, {.action = "token.revoke", .subject = {}, .repeatable = true},
              accounts::WithoutFactor::allow);
  if (!confirmed) return pass_on(confirmed);
  const auto done =
      visit.services.accounts.tokens.revoke(visit.person(), visit.param("key"), visit.actor());
  if (!done) return pass_on(done);
  return http::see_other("/account?done=removed#tokens");
}

}  // namespace

void add_token_pages(http::Router& router, WebServices& services) {
  add_form(router, services, "/account/tokens", Audience::signed_in, create_token, show_account);
  add_form(router, services, "/account/tokens/{key}/revoke", Audience::signed_in, revoke_token,
           show_account);
}

}  // namespace imp::web
