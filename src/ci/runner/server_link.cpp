#include "ci/runner/server_link.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "ci/runner/refusals.h"

namespace imp::ci::runner {

namespace json = boost::json;

namespace {

constexpr Milliseconds usual_timeout{30000};
/// A runner that stops does not wait for a server that is away.
constexpr Milliseconds farewell_timeout{2000};

/// `message` and `code` of a refusal; empty where the body is not one.
struct Refused {
  std::string message;
  std::string code;
};

Refused read_refusal(const std::string& body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  const json::object* object = error ? nullptr : value.if_object();
  const auto text = [&](std::string_view key) -> std::string {
    const json::value* found = object == nullptr ? nullptr : object->if_contains(key);
    const json::string* string = found == nullptr ? nullptr : found->if_string();
    return string == nullptr ? "" : std::string(string->data(), string->size());
  };
  return {text("message"), text("code")};
}

std::unexpected<Failure> refusal_of(const http::Fetched& answer) {
  const Refused said = read_refusal(answer.body);
  if (answer.status >= 500 || answer.status == 429 || answer.status == 408) {
    return refuse(RunnerRefusal::server_unreachable,
                  fmt::format("The server answered {}{}{}", answer.status,
                              said.message.empty() ? "." : ": ", said.message));
  }
  if (answer.status == 409 && said.code == lease_lost_code) {
    return refuse(RunnerRefusal::lease_lost, "The server gave this job up or to another runner.");
  }
  if (answer.status == 401) {
    return refuse(RunnerRefusal::token_refused,
                  "The server does not accept this runner's token: give the runner a valid one.",
                  said.message);
  }
  return refuse(
      RunnerRefusal::server_refused,
      said.message.empty() ? fmt::format("The server answered {}.", answer.status) : said.message,
      fmt::format("{} {}", answer.status, said.code));
}

}  // namespace

Result<http::Fetched> ServerLink::post(std::string path, std::string body, Milliseconds timeout,
                                       std::function<bool()> give_up) const {
  http::Fetch fetch;
  fetch.method = "POST";
  fetch.url = server_url_ + path;
  fetch.headers = {{"authorization", "Bearer " + token_},
                   {"content-type", "application/json"},
                   {"accept", "application/json"}};
  fetch.body = std::move(body);
  fetch.timeout = timeout;
  fetch.body_limit = 32u << 20;
  fetch.give_up = std::move(give_up);
  auto answer = client_->fetch(fetch);
  if (!answer) {
    return refuse(RunnerRefusal::server_unreachable, "The server cannot be reached.",
                  answer.error().message);
  }
  if (answer->status != 200 && answer->status != 204) return refusal_of(*answer);
  return answer;
}

template <class Reply>
Result<Reply> ServerLink::ask(std::string_view job_id, std::string_view action,
                              std::string body) const {
  const auto answer = post(job_path(job_id, action), std::move(body), usual_timeout);
  if (!answer) return pass_on(answer);
  return decode<Reply>(answer->body);
}

Result<std::optional<JobTicket>> ServerLink::claim(const ClaimRequest& request,
                                                   const std::stop_token& stop) const {
  const auto answer = post(std::string(claim_path), encode(request),
                           usual_timeout + std::chrono::seconds(request.wait_seconds),
                           [&] { return stop.stop_requested(); });
  if (!answer) return pass_on(answer);
  if (answer->status == 204) return std::nullopt;
  auto ticket = decode<JobTicket>(answer->body);
  if (!ticket) return pass_on(ticket);
  return std::move(*ticket);
}

Result<void> ServerLink::give_back(const GiveBackRequest& request) const {
  const auto answer = post(std::string(give_back_path), encode(request), farewell_timeout);
  if (!answer) return pass_on(answer);
  return {};
}

Result<HeartbeatReply> ServerLink::heartbeat(std::string_view job_id,
                                             const HeartbeatRequest& request) const {
  return ask<HeartbeatReply>(job_id, "heartbeat", encode(request));
}

Result<EventReply> ServerLink::send(std::string_view job_id, const EventBatch& batch) const {
  return ask<EventReply>(job_id, "events", encode(batch));
}

Result<TokenReply> ServerLink::identity_token(std::string_view job_id,
                                              const TokenRequest& request) const {
  return ask<TokenReply>(job_id, "identity-token", encode(request));
}

Result<ReleaseReply> ServerLink::release(std::string_view job_id,
                                         const ReleaseRequest& request) const {
  return ask<ReleaseReply>(job_id, "release", encode(request));
}

bool is_temporary(const Failure& failure) {
  return failure.code() == reason(RunnerRefusal::server_unreachable).code;
}

bool is_token_refused(const Failure& failure) {
  return failure.code() == reason(RunnerRefusal::token_refused).code;
}

}  // namespace imp::ci::runner
