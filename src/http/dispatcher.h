#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/body_reader.h"
#include "http/connection.h"
#include "http/http_refusal.h"
#include "http/router.h"

namespace imp::http {

/// An answer of the server itself, in the form of failure() and with the refusal's own status.
Response refusal_response(HttpRefusal refusal, const std::string& message);

/// Runs the handler or the sink of one connection's requests on workers; handlers' exceptions
/// become a 500 and a log line.
class Dispatcher {
 public:
  Dispatcher(Connection& connection, Request& request, BodyReader& body)
      : connection_(connection), server_(connection.server()), request_(request), body_(body) {}

  /// Reads the body, calls the route, waits where it asks to. Nothing when the client has gone.
  Awaitable<std::optional<Response>> respond(const Router::Route& route);

 private:
  Awaitable<std::optional<Response>> call_handler(const Router::Route& route);
  Awaitable<std::optional<Response>> run_sink(const Router::Route& route);
  Response feed_sink(std::unique_ptr<BodySink>& sink, std::string_view chunk,
                     BodyReader::Outcome outcome, bool& answered) noexcept;
  std::optional<Response> refuse_body(BodyReader::Outcome outcome);
  Response guarded(const std::function<Response()>& handler) noexcept;
  Response overloaded();

  Connection& connection_;
  ServerContext& server_;
  Request& request_;
  BodyReader& body_;
};

}  // namespace imp::http
