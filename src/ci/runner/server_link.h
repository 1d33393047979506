#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "ci/runner/protocol.h"
#include "http/client.h"

namespace imp::ci::runner {

/// The runner's side of protocol.h: one call, one request. Thread-safe. Failures:
/// `server_unreachable` (worth trying again), `lease_lost`, `token_refused`, `server_refused` (its
/// sentence is the message), `malformed_message`.
class ServerLink {
 public:
  ServerLink(http::Client& client, std::string server_url, std::string token)
      : client_(&client), server_url_(std::move(server_url)), token_(std::move(token)) {}

  /// Nothing when no job is queued. Gives up when `stop` is requested: the server may have given a
  /// job away then, see give_back().
  Result<std::optional<JobTicket>> claim(const ClaimRequest& request,
                                         const std::stop_token& stop) const;
  Result<void> give_back(const GiveBackRequest& request) const;
  Result<HeartbeatReply> heartbeat(std::string_view job_id, const HeartbeatRequest& request) const;
  Result<EventReply> send(std::string_view job_id, const EventBatch& batch) const;
  Result<TokenReply> identity_token(std::string_view job_id, const TokenRequest& request) const;
  Result<ReleaseReply> release(std::string_view job_id, const ReleaseRequest& request) const;

 private:
  Result<http::Fetched> post(std::string path, std::string body, Milliseconds timeout,
                             std::function<bool()> give_up = {}) const;
  template <class Reply>
  Result<Reply> ask(std::string_view job_id, std::string_view action, std::string body) const;

  http::Client* client_;
  std::string server_url_;
  std::string token_;
};

/// True for failures that another try may cure.
bool is_temporary(const Failure& failure);
bool is_token_refused(const Failure& failure);

}  // namespace imp::ci::runner
