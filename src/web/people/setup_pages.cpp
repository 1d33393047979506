#include "accounts/refusal.h"
#include "web/frame/handlers.h"
#include "web/routes.h"

namespace imp::web {

namespace {

Result<http::Response> show_setup(const Visit& visit) {
  const auto current = visit.services.accounts.bootstrap.check(visit.param("token"));
  if (!current) return pass_on(current);
  return show(visit, {.title = "Set up",
                      .content = "setup",
                      .model = {{"name", visit.field("name")}, {"email", visit.field("email")}}});
}

Result<http::Response> create_administrator(const Visit& visit) {
  if (visit.raw_field("password") != visit.raw_field("again")) {
    return refuse(WebRefusal::passwords_differ, "The two passwords are not the same.");
  }
  auto& accounts = visit.services.accounts;
  const auto person =
      accounts.bootstrap.create_first_admin(visit.param("token"),
                                            {.name = visit.field("name"),
                                             .email = visit.field("email"),
                                             .password = visit.raw_field("password")},
                                            visit.actor());
  if (!person) return pass_on(person);
  const auto session = accounts.sessions.start(*person, visit.request, false);
  if (!session) return pass_on(session);
  http::Response response = http::see_other("/");
  response.header("set-cookie", session->set_cookie);
  return response;
}

}  // namespace

void add_setup_pages(http::Router& router, WebServices& services) {
  const std::string path = std::string(accounts::kSetupPath) + "{token}";
  add_page(router, services, path, Audience::everyone, show_setup);
  add_form(router, services, path, Audience::everyone, create_administrator, show_setup);
}

}  // namespace imp::web
