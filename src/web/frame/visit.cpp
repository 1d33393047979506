#include "web/frame/visit.h"

namespace imp::web {

Reason reason(WebRefusal refusal) {
  switch (refusal) {
    case WebRefusal::page_not_found:
      return {"page_not_found", FailureKind::not_found};
    case WebRefusal::field_missing:
      return {"field_missing", FailureKind::invalid};
    case WebRefusal::passwords_differ:
      return {"passwords_differ", FailureKind::invalid};
    case WebRefusal::code_missing:
      return {"code_missing", FailureKind::challenge};
    case WebRefusal::factor_required:
      return {"factor_required", FailureKind::forbidden};
  }
  return {"internal", FailureKind::internal};
}

std::string Visit::field(std::string_view name) const {
  const std::string text = raw_field(name);
  constexpr std::string_view white = " \t\r\n";
  const auto first = text.find_first_not_of(white);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

std::string Visit::raw_field(std::string_view name) const {
  return request.form(name).value_or("");
}

Result<std::string> Visit::required(std::string_view name, std::string_view label) const {
  std::string text = field(name);
  if (!text.empty()) return text;
  return refuse(WebRefusal::field_missing, fmt::format("{} is missing.", label));
}

std::string Visit::query(std::string_view name) const { return request.query(name).value_or(""); }

std::string Visit::here(std::string page) const {
  return request.method == http::Method::post ? page : request.target;
}

std::string Visit::csrf() const { return caller.session ? caller.session->csrf_token : ""; }

std::string browser_of(const Visit& visit) {
  return visit.caller.session ? "session:" + visit.caller.session->id : std::string();
}

accounts::GivenFactor given_factor(const Visit& visit) {
  std::string answer = visit.raw_field("passkey");
  if (answer.empty()) return visit.field("otp");
  return accounts::GivenFactor::of_passkey(std::move(answer), browser_of(visit));
}

Result<accounts::Confirmation> confirm(const Visit& visit, const accounts::Purpose& purpose,
                                       accounts::WithoutFactor without) {
  auto& factors = visit.services.accounts.second_factors;
  const auto state = factors.state(visit.person().id);
  if (!state) return pass_on(state);
  if (!state->enabled) {
    if (without == accounts::WithoutFactor::allow) return accounts::Confirmation{};
    return refuse(WebRefusal::factor_required,
                  "This needs a second factor: set one up on your account page first.");
  }
  const accounts::GivenFactor given = given_factor(visit);
  if (given.code.empty() && given.passkey.empty()) {
    return refuse(WebRefusal::code_missing,
                  state->totp
                      ? "Enter the one-time code of your authenticator app, or a recovery code."
                      : "Use your passkey, which needs JavaScript, or enter a recovery code.");
  }
  return factors.check(visit.person(), given, purpose, visit.actor());
}

}  // namespace imp::web
