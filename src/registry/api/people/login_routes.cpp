#include <boost/json.hpp>

#include "accounts/refusal.h"
#include "http/response.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"

namespace imp::registry {

namespace {

constexpr std::string_view kCouchPrefix = "org.couchdb.user:";

/// The name in `/-/user/org.couchdb.user:<name>`.
Result<std::string> couch_name(const http::Request& request) {
  const std::string& user = request.param("user");
  if (user.starts_with(kCouchPrefix)) return user.substr(kCouchPrefix.size());
  return refuse(accounts::AccountRefusal::person_not_found,
                "Users are addressed as /-/user/org.couchdb.user:<name>.");
}

http::Response start_web_login(RegistryServices& services, const http::Request& request) {
  const auto flow = services.accounts.web_flows.start_login(request);
  if (!flow) return accounts::refusal_response(flow.error());
  return http::json(
      200, boost::json::object{{"loginUrl", flow->login_url}, {"doneUrl", flow->done_url}});
}

http::Response poll_web_flow(RegistryServices& services, const http::Request& request) {
  return services.accounts.web_flows.poll_response(
      request.param("secret"), accounts::Actor::anonymous(request.remote_address, request.id));
}

/// `npm login --auth-type=legacy`: name and password in the document, or by Basic on npm's second
/// try.
http::Response couch_login(RegistryServices& services, const http::Request& request) {
  const auto name = couch_name(request);
  if (!name) return http::failure(name.error());
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(request.body, error);
  const boost::json::value* password =
      !error && document.is_object() ? document.as_object().if_contains("password") : nullptr;
  if (!password || !password->is_string()) {
    return http::failure(refuse(accounts::AccountRefusal::credential_malformed,
                                "The body must be a JSON object with name and password.")
                             .error());
  }
  const auto person = services.accounts.sign_in.check_password(
      *name, password->as_string(), accounts::Actor::anonymous(request.remote_address, request.id));
  if (!person) return accounts::refusal_response(person.error());
  const auto caller = accounts::Caller::with_password(*person, request);
  const auto confirmed = services.accounts.second_factor_gate.require(
      request, caller,
      {.purpose = {"sign_in", {}, false}, .without_factor = accounts::WithoutFactor::allow});
  if (!confirmed) return confirmed.error();
  accounts::NewToken token;
  token.name = "npm login";
  token.kind = accounts::TokenKind::login;
  token.reach = accounts::full_reach();
  const auto minted = services.accounts.tokens.create(*person, token, caller.actor());
  if (!minted) return accounts::refusal_response(minted.error());
  return http::json(201, boost::json::object{{"ok", true},
                                             {"id", std::string(kCouchPrefix) + person->name},
                                             {"rev", "_we_dont_use_revs_any_more"},
                                             {"token", minted->token}});
}

http::Response show_user(RegistryServices& services, const http::Request& request) {
  const auto name = couch_name(request);
  if (!name) return http::failure(name.error());
  const auto caller = services.accounts.authenticator.require_person(request);
  if (!caller) return accounts::refusal_response(caller.error());
  const auto person = services.accounts.people.by_name(*name);
  if (!person) return http::failure(person.error());
  return http::json(200, boost::json::object{{"_id", std::string(kCouchPrefix) + person->name},
                                             {"name", person->name},
                                             {"email", person->email}});
}

http::Response log_out(RegistryServices& services, const http::Request& request) {
  const auto caller = services.accounts.authenticator.require_person(request);
  if (!caller) return accounts::refusal_response(caller.error());
  // Only the very token that is presented: a leaked one must not end others.
  if (caller->kind != accounts::CallerKind::token || request.param("token") != request.bearer()) {
    return http::failure(
        refuse(accounts::AccountRefusal::token_not_found,
               "Only the token that makes the request can be logged out this way; `npm token "
               "revoke` ends others.")
            .error());
  }
  const auto done =
      services.accounts.tokens.revoke(*caller->person, request.param("token"), caller->actor());
  return done ? http::no_content() : accounts::refusal_response(done.error());
}

http::Response whoami(RegistryServices& services, const http::Request& request) {
  const auto requester = Requester::identify(services, request);
  if (!requester) return accounts::refusal_response(requester.error());
  if (!requester->account().signed_in()) {
    return accounts::refusal_response(refuse(accounts::AccountRefusal::not_signed_in,
                                             requester->publish_token()
                                                 ? "A publish token belongs to no person."
                                                 : "You are not signed in: run `npm login`.")
                                          .error());
  }
  return http::json(200, boost::json::object{{"username", requester->account().person->name}});
}

}  // namespace

void add_login_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  router.add(http::Method::post, "/-/v1/login", bind(start_web_login));
  router.add(http::Method::get, std::string(accounts::kFlowDonePath) + "{secret}",
             bind(poll_web_flow));
  router.add(http::Method::put, "/-/user/{user}", bind(couch_login));
  router.add(http::Method::put, "/-/user/{user}/-rev/{rev}", bind(couch_login));
  router.add(http::Method::get, "/-/user/{user}", bind(show_user));
  router.add(http::Method::del, "/-/user/token/{token}", bind(log_out));
  router.add(http::Method::get, "/-/whoami", bind(whoami));
}

}  // namespace imp::registry
