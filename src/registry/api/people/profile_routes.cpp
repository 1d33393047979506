#include <boost/json.hpp>

#include "accounts/refusal.h"
#include "http/response.h"
#include "registry/api/change_subject.h"
#include "registry/api/requester.h"
#include "registry/api/routes.h"

namespace imp::registry {

namespace {

using accounts::AccountRefusal;

boost::json::value text_or_null(const std::string& text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

boost::json::object describe(const accounts::Person& person,
                             const accounts::SecondFactorState& factor) {
  boost::json::value tfa = nullptr;
  if (factor.enabled || factor.pending)
    tfa = {{"pending", !factor.enabled}, {"mode", "auth-and-writes"}};
  return {{"tfa", tfa},
          {"name", person.name},
          {"email", person.email},
          {"email_verified", true},
          {"created", iso8601(person.created)},
          {"updated", iso8601(person.updated)},
          {"cidr_whitelist", nullptr},
          {"fullname", text_or_null(person.fullname)},
          {"homepage", text_or_null(person.homepage)},
          {"github", text_or_null(person.github)}};
}

http::Response show(RegistryServices& services, const accounts::Person& person) {
  const auto factor = services.accounts.second_factors.state(person.id);
  if (!factor) return accounts::refusal_response(factor.error());
  return http::json(200, describe(person, *factor));
}

http::Response get(RegistryServices& services, const http::Request& request) {
  const auto caller = services.accounts.authenticator.require_person(request);
  if (!caller) return accounts::refusal_response(caller.error());
  return show(services, *caller->person);
}

std::optional<http::Response> ask_second_factor(RegistryServices& services,
                                                const http::Request& request,
                                                const accounts::Caller& caller, std::string action,
                                                std::string subject = {}) {
  auto confirmed = services.accounts.second_factor_gate.require(
      request, caller,
      {.purpose = {std::move(action), std::move(subject), false},
       .without_factor = accounts::WithoutFactor::allow});
  if (confirmed) return std::nullopt;
  return std::move(confirmed.error());
}

http::Response change_password(RegistryServices& services, const http::Request& request,
                               const accounts::Caller& caller,
                               const boost::json::object& passwords) {
  const boost::json::value* before = passwords.if_contains("old");
  const boost::json::value* after = passwords.if_contains("new");
  if (!before || !after || !before->is_string() || !after->is_string()) {
    return accounts::refusal_response(
        refuse(AccountRefusal::profile_invalid, "password must be {\"old\": …, \"new\": …}.")
            .error());
  }
  const auto checked = services.accounts.sign_in.check_password(
      caller.person->name, before->as_string(), caller.actor());
  if (!checked) return accounts::refusal_response(checked.error());
  if (auto challenge = ask_second_factor(services, request, caller, "account.password"))
    return std::move(*challenge);
  const auto done =
      services.accounts.people.set_password(*caller.person, after->as_string(), caller.actor());
  if (!done) return accounts::refusal_response(done.error());
  return show(services, *caller.person);
}

/// The second half of `npm profile enable-2fa`: the code that proves the authenticator was set up.
http::Response confirm_totp(RegistryServices& services, const accounts::Caller& caller,
                            const boost::json::array& codes) {
  if (codes.size() != 1 || !codes.front().is_string()) {
    return accounts::refusal_response(
        refuse(AccountRefusal::profile_invalid, "tfa must be an array with one code.").error());
  }
  const auto recovery = services.accounts.second_factors.confirm_totp(
      *caller.person, codes.front().as_string(), caller.actor());
  if (!recovery) return accounts::refusal_response(recovery.error());
  return http::json(200, boost::json::object{{"tfa", boost::json::value_from(*recovery)}});
}

http::Response change_second_factor(RegistryServices& services, const http::Request& request,
                                    const accounts::Caller& caller,
                                    const boost::json::object& tfa) {
  const boost::json::value* mode = tfa.if_contains("mode");
  const boost::json::value* password = tfa.if_contains("password");
  if (!mode || !mode->is_string() || !password || !password->is_string()) {
    return accounts::refusal_response(
        refuse(AccountRefusal::profile_invalid, "tfa must have mode and password.").error());
  }
  const auto checked = services.accounts.sign_in.check_password(
      caller.person->name, password->as_string(), caller.actor());
  if (!checked) return accounts::refusal_response(checked.error());
  if (mode->as_string() == "disable") {
    if (auto challenge = ask_second_factor(services, request, caller, "second_factor.disable")) {
      return std::move(*challenge);
    }
    const auto done = services.accounts.second_factors.disable(*caller.person, caller.actor());
    if (!done) return accounts::refusal_response(done.error());
    return http::json_text(200, R"({"tfa":null})");
  }
  if (mode->as_string() != "auth-and-writes") {
    return accounts::refusal_response(refuse(AccountRefusal::profile_invalid,
                                             "The mode must be auth-and-writes: a second factor "
                                             "that does not guard changes guards nothing here.")
                                          .error());
  }
  const auto factor = services.accounts.second_factors.state(caller.person->id);
  if (!factor) return accounts::refusal_response(factor.error());
  // A passkey that is there already must agree to an app; a second app is refused below.
  if (!factor->totp) {
    if (auto challenge = ask_second_factor(services, request, caller, "second_factor.begin")) {
      return std::move(*challenge);
    }
  }
  const auto setup = services.accounts.second_factors.begin_totp(*caller.person, caller.actor());
  if (!setup) return accounts::refusal_response(setup.error());
  return http::json(200, boost::json::object{{"tfa", setup->url}});
}

http::Response change_profile(RegistryServices& services, const http::Request& request,
                              const accounts::Caller& caller, const boost::json::object& body) {
  accounts::ProfileChange change;
  std::string said;
  for (const auto& [key, member] :
       {std::pair{"email", &change.email}, std::pair{"fullname", &change.fullname},
        std::pair{"homepage", &change.homepage}, std::pair{"github", &change.github}}) {
    const boost::json::value* value = body.if_contains(key);
    if (!value) continue;
    if (!value->is_string() && !value->is_null()) {
      return accounts::refusal_response(
          refuse(AccountRefusal::profile_invalid, fmt::format("{} must be text.", key)).error());
    }
    *member = value->is_string() ? std::string(value->as_string()) : std::string();
    said += fmt::format("{}{} {}", said.empty() ? "" : ", ", key, **member);
  }
  if (auto challenge = ask_second_factor(services, request, caller, "account.profile",
                                         change_subject(caller.person->name, said))) {
    return std::move(*challenge);
  }
  const auto changed =
      services.accounts.people.change_profile(*caller.person, change, caller.actor());
  if (!changed) return accounts::refusal_response(changed.error());
  return show(services, *changed);
}

http::Response post(RegistryServices& services, const http::Request& request) {
  const auto caller = services.accounts.authenticator.require_person(request);
  if (!caller) return accounts::refusal_response(caller.error());
  if (!caller->acts_fully()) {
    const auto refusal = refuse(AccountRefusal::credential_limited,
                                "Changing the profile needs a sign-in (`npm login`) or a personal "
                                "token, not a granular one.");
    services.accounts.trail.refused(caller->actor(), "account.update",
                                    "user:" + caller->person->name, refusal.error());
    return accounts::refusal_response(refusal.error());
  }
  boost::system::error_code error;
  const boost::json::value document = boost::json::parse(request.body, error);
  if (error || !document.is_object()) {
    return accounts::refusal_response(
        refuse(AccountRefusal::profile_invalid, "The body must be a JSON object.").error());
  }
  const boost::json::object& body = document.as_object();
  if (const boost::json::value* tfa = body.if_contains("tfa")) {
    if (tfa->is_array()) return confirm_totp(services, *caller, tfa->as_array());
    if (tfa->is_object()) return change_second_factor(services, request, *caller, tfa->as_object());
  }
  // `npm profile set` sends every member; the password is an object only when it is the one to
  // change.
  if (const boost::json::value* password = body.if_contains("password");
      password && password->is_object()) {
    return change_password(services, request, *caller, password->as_object());
  }
  return change_profile(services, request, *caller, body);
}

}  // namespace

void add_profile_routes(http::Router& router, RegistryServices& services) {
  const auto bind = [&services](auto handler) {
    return
        [&services, handler](const http::Request& request) { return handler(services, request); };
  };
  router.add(http::Method::get, "/-/npm/v1/user", bind(get));
  router.add(http::Method::post, "/-/npm/v1/user", bind(post));
}

}  // namespace imp::registry
