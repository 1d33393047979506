#include "accounts/web_flows.h"

#include <fmt/format.h>
#include <boost/json.hpp>
#include <chrono>

#include "accounts/authenticator.h"
#include "accounts/people.h"
#include "accounts/refusal.h"
#include "base/encoding.h"
#include "base/uuid.h"
#include "crypto/hash.h"

namespace imp::accounts {
namespace {

constexpr Milliseconds kLifetime = std::chrono::minutes(5);
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kLongestUserAgent = 200;
constexpr Limit kStartsByAddress{.what = "web_login", .attempts = 100};
constexpr Limit kStartsByPerson{.what = "web_confirmation", .attempts = 100};

constexpr std::string_view kColumns =
    "id, kind, state, person_id, action, subject, address, user_agent, created, expires";

std::string_view word(FlowKind kind) { return kind == FlowKind::login ? "login" : "confirmation"; }

FlowState state_from(std::string_view stored) {
  if (stored == "pending") return FlowState::pending;
  if (stored == "confirmed") return FlowState::confirmed;
  if (stored == "denied") return FlowState::denied;
  if (stored == "collected") return FlowState::collected;
  return FlowState::used;
}

WebFlow flow_from(const db::Row& row) {
  return {.id = row.text(0),
          .kind = row.text(1) == "login" ? FlowKind::login : FlowKind::confirmation,
          .state = state_from(row.text(2)),
          .person_id = row.text(3),
          .purpose = {.action = row.text(4), .subject = row.text(5)},
          .address = row.text(6),
          .user_agent = row.text(7),
          .created = from_milliseconds(row.integer(8)),
          .expires = from_milliseconds(row.integer(9))};
}

std::optional<WebFlow> find_by(db::Session& session, std::string_view column,
                               std::string_view value) {
  const auto row =
      session.row(fmt::format("SELECT {} FROM accounts_web_flows WHERE {} = :p1", kColumns, column),
                  {std::string(value)});
  if (!row) return std::nullopt;
  return flow_from(*row);
}

std::unexpected<Failure> unknown() {
  return refuse(AccountRefusal::flow_not_found,
                "This sign-in or confirmation is unknown; start again at the command line.");
}
std::unexpected<Failure> expired() {
  return refuse(AccountRefusal::flow_expired,
                "This sign-in or confirmation has expired; start again at the command line.");
}
std::unexpected<Failure> finished() {
  return refuse(AccountRefusal::flow_finished,
                "This sign-in or confirmation was completed or denied before.");
}

Result<WebFlow> open_flow(db::Session& session, std::string_view id, FlowKind kind, Time now) {
  const auto flow = find_by(session, "id", id);
  if (!flow || flow->kind != kind) return unknown();
  if (flow->state != FlowState::pending) return finished();
  if (now >= flow->expires) return expired();
  return *flow;
}

/// Moves a pending flow on; the state is compared again by the statement, so that of two browsers
/// one wins. The client has another five minutes to collect.
Result<void> decide(db::Session& session, const WebFlow& flow, std::string_view state,
                    const Person& person, Time now) {
  const std::int64_t rows = session.run(
      "UPDATE accounts_web_flows SET state = :p1, person_id = :p2, expires = :p3 WHERE id = :p4 "
      "AND state = 'pending'",
      {std::string(state), person.id, to_milliseconds(now + kLifetime), flow.id});
  if (rows != 1) return finished();
  return {};
}

}  // namespace

Result<StartedFlow> WebFlows::start_login(const http::Request& request) {
  const auto admission =
      throttle_.admit(kStartsByAddress, throttle_address(request.remote_address));
  if (!admission.admitted) {
    auto refusal = refuse(AccountRefusal::too_many_attempts,
                          "Too many sign-ins were started from this address; wait 15 minutes.");
    if (admission.first_refusal) {
      trail_.refused(Actor::anonymous(request.remote_address, request.id), "web_login.start", "",
                     refusal.error());
    }
    return refusal;
  }
  return start(FlowKind::login, "", {}, request);
}

Result<StartedFlow> WebFlows::start_confirmation(const Person& person, const Purpose& purpose,
                                                 const http::Request& request) {
  if (!throttle_.admit(kStartsByPerson, person.id).admitted) {
    return refuse(AccountRefusal::too_many_attempts,
                  "Too many confirmations were started; wait 15 minutes.");
  }
  return start(FlowKind::confirmation, person.id, purpose, request);
}

Result<StartedFlow> WebFlows::start(FlowKind kind, const std::string& person_id,
                                    const Purpose& purpose, const http::Request& request) {
  const Time now = services_.clock.now();
  StartedFlow started{.id = base64url(services_.random.bytes(kSecretBytes)),
                      .done_secret = hex(services_.random.bytes(kSecretBytes)),
                      .login_url = {},
                      .done_url = {}};
  started.login_url =
      fmt::format("{}{}{}", services_.settings.public_url, kFlowPagePath, started.id);
  started.done_url =
      fmt::format("{}{}{}", services_.settings.public_url, kFlowDonePath, started.done_secret);
  const std::string_view agent = request.header("user-agent").substr(0, kLongestUserAgent);
  auto done = services_.database.write([&](db::Session& session) -> Result<void> {
    session.run(
        "INSERT INTO accounts_web_flows (id, done_hash, kind, state, person_id, action, subject, "
        "address, user_agent, created, expires) VALUES (:p1, :p2, :p3, 'pending', :p4, :p5, :p6, "
        ":p7, :p8, :p9, :p10)",
        {started.id, crypto::sha256_hex(started.done_secret), std::string(word(kind)), person_id,
         purpose.action, purpose.subject, request.remote_address,
         is_utf8(agent) ? std::string(agent) : std::string(), to_milliseconds(now),
         to_milliseconds(now + kLifetime)});
    return {};
  });
  if (!done) return pass_on(done);
  return started;
}

Result<WebFlow> WebFlows::find(std::string_view id) const {
  return services_.database.read([&](db::Session& session) -> Result<WebFlow> {
    const auto flow = find_by(session, "id", id);
    if (!flow) return unknown();
    if (flow->state == FlowState::pending && services_.clock.now() >= flow->expires) {
      return expired();
    }
    return *flow;
  });
}

Result<void> WebFlows::confirm_login(std::string_view id, const Person& person,
                                     const Actor& actor) {
  // A token that could let a client in would mint an unlimited token out of itself.
  if (!actor.in_browser) {
    return refuse(AccountRefusal::browser_only,
                  "A sign-in of the command line is confirmed in a browser that is signed in.");
  }
  const Time now = services_.clock.now();
  return services_.database.write([&](db::Session& session) -> Result<void> {
    const auto flow = open_flow(session, id, FlowKind::login, now);
    if (!flow) return pass_on(flow);
    if (auto done = decide(session, *flow, "confirmed", person, now); !done) return done;
    trail_.append(session, actor, "web_login.confirm", "user:" + person.name,
                  "for a client at " + flow->address);
    return {};
  });
}

Result<void> WebFlows::confirm_purpose(std::string_view id, const Person& person,
                                       const GivenFactor& given, const Actor& actor) {
  const Time now = services_.clock.now();
  auto flow = services_.database.read([&](db::Session& session) -> Result<WebFlow> {
    return open_flow(session, id, FlowKind::confirmation, now);
  });
  if (!flow) return pass_on(flow);
  if (flow->person_id != person.id) {
    auto refusal = refuse(AccountRefusal::flow_wrong_person,
                          "This confirmation is for another person; sign in as them.");
    trail_.refused(actor, "web_confirmation.confirm", "user:" + person.name, refusal.error());
    return refusal;
  }
  if (auto admitted = factors_.admit(person, actor); !admitted) return admitted;
  const Purpose purpose = confirmation_of(flow->id);
  auto outcome = services_.database.write([&](db::Session& session) -> Result<Confirmation> {
    auto confirmed = factors_.consume(session, person, given, purpose, actor);
    if (!confirmed) return confirmed;
    if (auto done = decide(session, *flow, "confirmed", person, now); !done) return pass_on(done);
    session.run("UPDATE accounts_web_flows SET factor = :p1 WHERE id = :p2",
                {std::string(name(confirmed->kind)), flow->id});
    trail_.append(session, actor, "web_confirmation.confirm", "user:" + person.name,
                  fmt::format("{} {}", flow->purpose.action, flow->purpose.subject));
    return confirmed;
  });
  factors_.settle(person, outcome, actor);
  if (!outcome) return pass_on(outcome);
  return {};
}

Result<void> WebFlows::deny(std::string_view id, const Person& person, const Actor& actor) {
  const Time now = services_.clock.now();
  return services_.database.write([&](db::Session& session) -> Result<void> {
    const auto flow = find_by(session, "id", id);
    if (!flow) return unknown();
    const auto open = open_flow(session, id, flow->kind, now);
    if (!open) return pass_on(open);
    if (flow->kind == FlowKind::confirmation && flow->person_id != person.id) {
      return refuse(AccountRefusal::flow_wrong_person, "This confirmation is for another person.");
    }
    if (auto done = decide(session, *flow, "denied", person, now); !done) return done;
    trail_.append(session, actor,
                  flow->kind == FlowKind::login ? "web_login.deny" : "web_confirmation.deny",
                  "user:" + person.name, "a client at " + flow->address);
    return {};
  });
}

Result<WebFlows::Poll> WebFlows::poll(std::string_view done_secret, const Actor& from) {
  const Time now = services_.clock.now();
  const std::string done_hash = crypto::sha256_hex(done_secret);
  auto flow = services_.database.read([&](db::Session& session) -> Result<WebFlow> {
    if (auto found = find_by(session, "done_hash", done_hash)) return *found;
    return unknown();
  });
  if (!flow) return pass_on(flow);
  if (flow->state == FlowState::denied) {
    return refuse(AccountRefusal::flow_finished,
                  "This sign-in or confirmation was denied in the browser.");
  }
  if (flow->state != FlowState::pending && flow->state != FlowState::confirmed) return finished();
  if (now >= flow->expires) return expired();
  if (flow->state == FlowState::pending) return Poll{.pending = true, .token = {}};

  return services_.database.write([&](db::Session& session) -> Result<Poll> {
    const bool login = flow->kind == FlowKind::login;
    const std::string confirmation = hex(services_.random.bytes(kSecretBytes));
    const std::int64_t rows = session.run(
        "UPDATE accounts_web_flows SET state = :p1, token_hash = :p2 WHERE id = :p3 AND "
        "state = 'confirmed' AND expires > :p4",
        {std::string(login ? "used" : "collected"),
         login ? db::Value() : db::Value(crypto::sha256_hex(confirmation)), flow->id,
         to_milliseconds(now)});
    if (rows != 1) return finished();
    if (!login) return Poll{.token = confirmation};
    const auto person = find_person(session, flow->person_id);
    if (!person) return unknown();
    const Actor actor{.person_id = person->id,
                      .name = person->name,
                      .is_admin = person->is_admin,
                      .via = "web login",
                      .address = from.address,
                      .request_id = from.request_id};
    const auto minted = tokens_.create_in(session, *person,
                                          {.name = "npm login",
                                           .description = flow->user_agent,
                                           .kind = TokenKind::login,
                                           .reach = full_reach()},
                                          actor);
    if (!minted) return pass_on(minted);
    return Poll{.token = minted->token};
  });
}

http::Response WebFlows::poll_response(std::string_view done_secret, const Actor& from) {
  const auto polled = poll(done_secret, from);
  if (!polled) {
    http::Response response = refusal_response(polled.error());
    // npm takes a refusal for "no sign-in by browser here" and asks for name and password: say why.
    add_notice(response, polled.error().message);
    return response;
  }
  if (!polled->pending) {
    return http::json(200, boost::json::object{{"token", polled->token}});
  }
  http::Response response = http::json(202, boost::json::object{{"message", "pending"}});
  // Without it npm asks again at once, over and over.
  response.header("retry-after", "2");
  return response;
}

Result<std::int64_t> WebFlows::purge_expired() {
  return services_.database.write([&](db::Session& session) -> Result<std::int64_t> {
    const Time long_ago = services_.clock.now() - std::chrono::hours(1);
    return session.run("DELETE FROM accounts_web_flows WHERE expires <= :p1",
                       {to_milliseconds(long_ago)});
  });
}

}  // namespace imp::accounts
