#include <boost/json.hpp>

#include "accounts/qr_code.h"
#include "web/frame/handlers.h"
#include "web/people/account_pages.h"
#include "web/routes.h"

namespace imp::web {

namespace {

constexpr std::string_view kPath = "/account/second-factor";

Result<http::Response> show_setup(const Visit& visit) {
  const auto setup = visit.services.accounts.second_factors.pending_totp(visit.person());
  // Nothing is being set up: back to where that is begun.
  if (!setup) return http::see_other("/account#second-factor");
  auto qr = accounts::qr_code_svg(setup->url, "QR code for your authenticator app");
  if (!qr) return pass_on(qr);
  return show(visit, {.title = "Second factor",
                      .content = "second_factor",
                      .model = {{"qr", std::move(*qr)},
                                {"secret", {{"value", setup->secret}, {"what", "the key"}}}},
                      .trail = {{"Your account", "/account"}}});
}

Result<http::Response> begin(const Visit& visit) {
  if (const auto right = check_password_field(visit); !right) return pass_on(right);
  // A passkey that is there already must agree to another second factor.
  const auto confirmed =
      confirm(visit, {.action = "second_factor.begin"}, accounts::WithoutFactor::allow);
  if (!confirmed) return pass_on(confirmed);
  const auto setup =
      visit.services.accounts.second_factors.begin_totp(visit.person(), visit.actor());
  if (!setup) return pass_on(setup);
  return http::see_other(kPath);
}

Result<http::Response> confirm_setup(const Visit& visit) {
  const auto codes = visit.services.accounts.second_factors.confirm_totp(
      visit.person(), visit.field("code"), visit.actor());
  if (!codes) return pass_on(codes);
  return show_recovery_codes(visit, *codes);
}

Result<http::Response> renew_codes(const Visit& visit) {
  const auto confirmed =
      confirm(visit, {.action = "second_factor.recovery_codes"}, accounts::WithoutFactor::refuse);
  if (!confirmed) return pass_on(confirmed);
  const auto codes =
      visit.services.accounts.second_factors.renew_recovery_codes(visit.person(), visit.actor());
  if (!codes) return pass_on(codes);
  return show_recovery_codes(visit, *codes);
}

Result<http::Response> disable(const Visit& visit) {
  if (const auto right = check_password_field(visit); !right) return pass_on(right);
  const auto confirmed =
      confirm(visit, {.action = "second_factor.disable"}, accounts::WithoutFactor::refuse);
  if (!confirmed) return pass_on(confirmed);
  const auto done = visit.services.accounts.second_factors.disable(visit.person(), visit.actor());
  if (!done) return pass_on(done);
  return http::see_other("/account?done=factor-off");
}

Result<http::Response> remove_app(const Visit& visit) {
  if (const auto right = check_password_field(visit); !right) return pass_on(right);
  const auto confirmed =
      confirm(visit, {.action = "second_factor.remove"}, accounts::WithoutFactor::refuse);
  if (!confirmed) return pass_on(confirmed);
  const auto done =
      visit.services.accounts.second_factors.remove_totp(visit.person(), visit.actor());
  if (!done) return pass_on(done);
  return http::see_other("/account?done=removed#second-factor");
}

}  // namespace

http::Response show_recovery_codes(const Visit& visit, const std::vector<std::string>& codes) {
  boost::json::array items;
  for (const std::string& code : codes) items.push_back({{"value", code}, {"what", "this code"}});
  return show(visit, {.title = "Recovery codes",
                      .content = "recovery_codes",
                      .model = {{"codes", std::move(items)}},
                      .trail = {{"Your account", "/account"}}});
}

void add_second_factor_pages(http::Router& router, WebServices& services) {
  const auto below = [](std::string_view name) { return fmt::format("{}/{}", kPath, name); };
  add_page(router, services, kPath, Audience::signed_in, show_setup);
  add_form(router, services, below("begin"), Audience::signed_in, begin, show_account);
  add_form(router, services, below("confirm"), Audience::signed_in, confirm_setup, show_setup);
  add_form(router, services, below("recovery-codes"), Audience::signed_in, renew_codes,
           show_account);
  add_form(router, services, below("remove"), Audience::signed_in, remove_app, show_account);
  add_form(router, services, below("disable"), Audience::signed_in, disable, show_account);
}

}  // namespace imp::web
