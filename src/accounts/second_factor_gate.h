#pragma once

#include <expected>
#include <optional>
#include <string>

#include "accounts/caller.h"
#include "accounts/second_factor.h"
#include "accounts/web_flows.h"
#include "http/request.h"
#include "http/response.h"

namespace imp::accounts {

enum class WithoutFactor : std::uint8_t {
  refuse,  ///< 403 "Please enable 2fa for your account": trust, approvals
  allow,   ///< people without a second factor are not asked: publishing
};

struct Requirement {
  Purpose purpose = {};
  WithoutFactor without_factor = WithoutFactor::refuse;
  bool bypass_tokens = false;  ///< tokens made with bypass_2fa are not asked
};

/// Asks for second factors in the way npm's clients understand: for each change anew
/// (docs/decisions/a-factor-per-change.md).
class SecondFactorGate {
 public:
  SecondFactorGate(const Services& services, SecondFactors& factors, WebFlows& flows)
      : services_(services), factors_(factors), flows_(flows) {}

  /// The confirmation, or the response to send instead. The value is the `npm-otp` header, or
  /// the form field "otp". A wrong code is challenged again, with a message that says so.
  std::expected<Confirmation, http::Response> require(const http::Request& request,
                                                      const Caller& caller,
                                                      const Requirement& requirement);

 private:
  http::Response challenge(const http::Request& request, const Caller& caller,
                           const Purpose& purpose, std::string message);

  const Services& services_;
  SecondFactors& factors_;
  WebFlows& flows_;
};

/// 401 with `www-authenticate: OTP` and {"error","message","code"} that mention a one-time pass;
/// with
/// {"authUrl","doneUrl"} too when there is a flow.
http::Response challenge_response(const std::optional<StartedFlow>& flow, std::string message);
/// 403 for people who must have a second factor and have none.
http::Response enable_second_factor_response(std::string_view public_url);

}  // namespace imp::accounts
