#include "accounts/second_factor_gate.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "accounts/authenticator.h"
#include "accounts/refusal.h"

namespace imp::accounts {
namespace {

/// npm recognises the challenge by "one-time pass" where a proxy dropped the header.
constexpr std::string_view kAsk =
    "This operation requires a one-time password from your authenticator app; "
    "repeat the command with --otp=<code>.";
constexpr std::string_view kWrong =
    "The one-time password is wrong, has expired or was used before; "
    "repeat the command with --otp=<the next code>.";

/// There is no code to type. npm goes through the browser by default, where it has a terminal.
constexpr std::string_view kAskPasskey =
    "This operation needs a second factor, and your account's is a passkey, for which there is no "
    "one-time password. Run the command in a terminal with --auth-type=web and confirm in the "
    "browser, or give a recovery code with --otp=<code>.";

std::string given_value(const http::Request& request) {
  std::string value(request.header("npm-otp"));
  if (value.empty()) value = request.form("otp").value_or("");
  return value;
}

bool wants_web(const http::Request& request) {
  return http::equal_ignoring_case(request.header("npm-auth-type"), "web") &&
         !request.header("npm-command").empty();
}

}  // namespace

http::Response challenge_response(const std::optional<StartedFlow>& flow, std::string message) {
  const std::string_view code = reason(AccountRefusal::second_factor_required).code;
  boost::json::object body{
      {"error", message}, {"message", message}, {"code", code}, {"help", http::help_path(code)}};
  if (flow) {
    body["authUrl"] = flow->login_url;
    body["doneUrl"] = flow->done_url;
  }
  http::Response response = http::json(401, body);
  response.header("www-authenticate", "OTP");
  return response;
}

http::Response enable_second_factor_response(std::string_view public_url) {
  return http::failure(
      {.reason = reason(AccountRefusal::second_factor_not_enabled),
       .message = fmt::format("Please enable 2fa for your account: run `npm profile enable-2fa "
                              "auth-and-writes`, or open {}/account.",
                              public_url),
       .detail = {}});
}

std::expected<Confirmation, http::Response> SecondFactorGate::require(
    const http::Request& request, const Caller& caller, const Requirement& requirement) {
  const Time now = services_.clock.now();
  if (!caller.signed_in()) {
    return std::unexpected(refusal_response({.reason = reason(AccountRefusal::not_signed_in),
                                             .message = "You must be signed in to do this.",
                                             .detail = {}}));
  }
  if (requirement.bypass_tokens && caller.bypasses_second_factor()) return Confirmation{.at = now};
  const auto state = factors_.state(caller.person->id);
  if (!state) return std::unexpected(http::failure(state.error()));
  if (!state->enabled) {
    if (requirement.without_factor == WithoutFactor::allow) return Confirmation{.at = now};
    return std::unexpected(enable_second_factor_response(services_.settings.public_url));
  }
  const std::string value = given_value(request);
  if (value.empty()) {
    const std::string_view ask = state->totp ? kAsk : kAskPasskey;
    return std::unexpected(challenge(request, caller, requirement.purpose, std::string(ask)));
  }
  auto checked = factors_.check(*caller.person, value, requirement.purpose, caller.actor());
  if (checked) return *checked;
  if (checked.error().code() == reason(AccountRefusal::second_factor_wrong).code) {
    const std::string_view said = state->totp ? kWrong : kAskPasskey;
    return std::unexpected(challenge(request, caller, requirement.purpose, std::string(said)));
  }
  return std::unexpected(http::failure(checked.error()));
}

http::Response SecondFactorGate::challenge(const http::Request& request, const Caller& caller,
                                           const Purpose& purpose, std::string message) {
  std::optional<StartedFlow> flow;
  if (wants_web(request)) {
    // Without a flow (too many were started) the classic prompt still works.
    if (auto started = flows_.start_confirmation(*caller.person, purpose, request)) flow = *started;
  }
  services_.metrics.count("imprimatur_second_factor_challenges_total",
                          {{"form", flow ? "web" : "code"}});
  return challenge_response(flow, std::move(message));
}

}  // namespace imp::accounts
