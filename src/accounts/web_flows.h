#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accounts/access_tokens.h"
#include "accounts/actor.h"
#include "accounts/person.h"
#include "accounts/second_factor.h"
#include "accounts/services.h"
#include "accounts/throttle.h"
#include "accounts/trail.h"
#include "http/request.h"
#include "http/response.h"

namespace imp::accounts {

/// Paths under the public URL: the page a person opens, and what the client polls.
inline constexpr std::string_view kFlowPagePath = "/login/cli/";  ///< + id
inline constexpr std::string_view kFlowDonePath = "/-/v1/done/";  ///< + done secret

enum class FlowKind : std::uint8_t { login, confirmation };
enum class FlowState : std::uint8_t { pending, confirmed, denied, collected, used };

/// A sign-in or confirmation that a command-line client waits for and a browser completes.
struct WebFlow {
  std::string id;
  FlowKind kind = FlowKind::login;
  FlowState state = FlowState::pending;
  std::string person_id;            ///< confirmation: whose it is; login: who confirmed
  Purpose purpose;                  ///< of confirmations
  std::string address, user_agent;  ///< of the client, for the page: "is this you?"
  Time created;
  Time expires;  ///< pending before this instant; five minutes to confirm
};

struct StartedFlow {
  std::string id;
  std::string done_secret;
  std::string login_url;  ///< loginUrl or authUrl
  std::string done_url;   ///< doneUrl
};

/// Kept in the database, so that a restart in between does no harm. Secrets are stored as SHA-256.
/// Whoever holds the done secret gets the token, once.
class WebFlows {
 public:
  WebFlows(const Services& services, Trail& trail, Throttle& throttle, AccessTokens& tokens,
           SecondFactors& factors)
      : services_(services),
        trail_(trail),
        throttle_(throttle),
        tokens_(tokens),
        factors_(factors) {}

  /// `POST /-/v1/login`. Limited per address.
  Result<StartedFlow> start_login(const http::Request& request);
  /// The web form of a second-factor challenge. Limited per person.
  Result<StartedFlow> start_confirmation(const Person& person, const Purpose& purpose,
                                         const http::Request& request);

  /// For the page. flow_not_found; flow_expired; finished ones are found.
  Result<WebFlow> find(std::string_view id) const;
  /// A person with a complete browser session lets the client in; browser_only otherwise.
  Result<void> confirm_login(std::string_view id, const Person& person, const Actor& actor);
  /// The person whose flow it is gives their second factor: a code, a recovery code, or a passkey
  /// that was asked for confirmation_of() it.
  Result<void> confirm_purpose(std::string_view id, const Person& person, const GivenFactor& given,
                               const Actor& actor);
  static Purpose confirmation_of(std::string_view id) {
    return {.action = "web_confirmation", .subject = std::string(id)};
  }
  /// "This was not me": the client's next poll is refused.
  Result<void> deny(std::string_view id, const Person& person, const Actor& actor);

  struct Poll {
    bool pending = false;
    std::string token;  ///< when not pending: an access token, or the value for `npm-otp`
  };
  Result<Poll> poll(std::string_view done_secret, const Actor& from);
  /// 202 with retry-after while pending, 200 {"token"}, or the refusal.
  http::Response poll_response(std::string_view done_secret, const Actor& from);

  Result<std::int64_t> purge_expired();

 private:
  Result<StartedFlow> start(FlowKind kind, const std::string& person_id, const Purpose& purpose,
                            const http::Request& request);

  const Services& services_;
  Trail& trail_;
  Throttle& throttle_;
  AccessTokens& tokens_;
  SecondFactors& factors_;
};

}  // namespace imp::accounts
