#include "http/exchange.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <optional>
#include <string_view>

#include "http/answer.h"
#include "http/body_reader.h"
#include "http/dispatcher.h"
#include "http/forwarded.h"
#include "http/prepared.h"
#include "http/request_parser.h"

namespace imp::http {

namespace {

/// A body that nobody wants is read and dropped up to this size, to keep the connection.
constexpr std::uint64_t kDrainLimit = 1024 * 1024;

constexpr std::string_view kPreparedRoute = "(prepared)";
constexpr std::string_view kUnmatchedRoute = "(none)";

bool is_sane_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

/// Serves one connection: one request after the other.
class Exchange {
 public:
  explicit Exchange(Connection& connection)
      : connection_(connection),
        server_(connection.server()),
        parser_(server_.options.head_limit),
        body_(connection, parser_, request_),
        dispatcher_(connection, request_, body_) {}

  Awaitable<void> run() {
    if (connection_.over_tls()) {
      const bool secured = co_await connection_.handshake();
      if (!secured) co_return;
    }
    while (!server_.stopping) {
      const bool arrived = co_await next_request();
      if (!arrived) break;
      const bool go_on = co_await answer_request();
      if (!go_on) co_return;
    }
    co_await connection_.close_politely();
  }

 private:
  Awaitable<bool> next_request();
  Awaitable<bool> answer_request();
  Awaitable<bool> answer_hot(const Prepared& prepared);
  Awaitable<bool> send(Response response, AnswerContext& context, std::string_view route);

  void complete_request();
  std::optional<Response> refuse_head(const RouteOptions& options) const;
  void record(const Sent& sent, std::string_view route);

  Connection& connection_;
  ServerContext& server_;
  Request request_;
  RequestParser parser_;
  BodyReader body_;
  Dispatcher dispatcher_;
  Steady::time_point started_;
  AnswerContext prepared_context_{request_};
};

Awaitable<bool> Exchange::next_request() {
  request_ = Request{};
  parser_.reset();
  InputBuffer& input = connection_.input();
  if (input.empty()) {
    if (server_.stopping) co_return false;
    input.shrink();
    connection_.set_deadline(server_.options.idle_timeout);
    connection_.set_idle(true);
    const bool some = co_await connection_.read();
    connection_.set_idle(false);
    if (!some) co_return false;
  }
  connection_.set_deadline(server_.options.head_timeout);
  std::optional<ParseFailure> wrong;
  while (true) {
    const auto used = parser_.feed(input.view(), request_);
    if (!used) {
      wrong = used.error();
      break;
    }
    input.consume(*used);
    if (parser_.head_done()) {
      connection_.clear_deadline();
      co_return true;
    }
    if (co_await connection_.read()) continue;
    if (!connection_.expired()) co_return false;
    wrong = ParseFailure{HttpRefusal::head_timed_out, "The request's head did not come in time."};
    break;
  }
  started_ = Steady::now();
  complete_request();
  AnswerContext context{request_};
  context.keep_alive = false;
  co_await send(refusal_response(wrong->refusal, wrong->message), context, kUnmatchedRoute);
  co_await connection_.linger();
  co_return false;
}

/// Fills what the parser does not know.
void Exchange::complete_request() {
  request_.received = server_.clock.now();
  if (server_.trusted_proxies.empty()) {
    request_.remote_address = connection_.peer_text();
    request_.secure = connection_.over_tls();
  } else {
    resolve_client(request_, connection_.peer(), connection_.over_tls(), server_.trusted_proxies);
  }
  const std::string_view id = request_.header("x-request-id");
  request_.id = is_sane_id(id) ? std::string(id) : connection_.thread().next_request_id();
}

Awaitable<bool> Exchange::answer_request() {
  started_ = Steady::now();
  complete_request();
  const bool reads = request_.method == Method::get || request_.method == Method::head;
  if (reads && parser_.done() && server_.hot_path) {
    std::shared_ptr<const Prepared> prepared;
    try {
      prepared = server_.hot_path(request_);
    } catch (const std::exception& thrown) {
      server_.log.error("hot path failed", {{"id", request_.id}, {"error", thrown.what()}});
    }
    if (prepared) co_return co_await answer_hot(*prepared);
  }

  const Router::Match match = server_.router.match(request_);
  AnswerContext context{request_};
  context.http_1_1 = parser_.is_http_1_1();
  context.keep_alive = parser_.keep_alive();
  std::optional<Response> response;
  std::string_view route = kUnmatchedRoute;
  std::uint64_t drain_limit = kDrainLimit;
  body_.begin(match.route != nullptr ? match.route->options.body_limit : 0,
              parser_.content_encoding());
  if (match.route != nullptr) {
    route = match.route->pattern;
    context.no_store = match.route->options.no_store;
    context.pool = &server_.pool(match.route->options.pool);
    drain_limit = std::max<std::uint64_t>(drain_limit, match.route->options.body_limit);
    response = refuse_head(match.route->options);
    if (!response) {
      response = co_await dispatcher_.respond(*match.route);
      if (!response) co_return false;  // the client went away: nobody to answer
    }
  } else if (request_.method == Method::options &&
             (!match.allow.empty() || request_.target == "*")) {
    response = no_content();
    if (!match.allow.empty()) response->header("allow", match.allow);
  } else {
    response = failure(match.refusal);
    if (match.refusal.kind() == FailureKind::not_allowed) response->header("allow", match.allow);
  }
  bool settled = parser_.done();
  if (!settled) settled = co_await body_.drain(drain_limit);
  context.keep_alive = context.keep_alive && settled && !server_.stopping;
  const bool sent = co_await send(std::move(*response), context, route);
  if (sent && context.keep_alive) co_return true;
  if (!settled || !connection_.input().empty()) {
    co_await connection_.linger();
  } else if (sent) {
    co_await connection_.close_politely();
  }
  co_return false;
}

Awaitable<bool> Exchange::answer_hot(const Prepared& prepared) {
  static const Headers none;
  prepared_context_.http_1_1 = parser_.is_http_1_1();
  prepared_context_.keep_alive = parser_.keep_alive() && !server_.stopping;
  const Sent sent = co_await send_prepared(connection_, prepared, none, prepared_context_);
  record(sent, kPreparedRoute);
  if (!sent.complete) co_return false;
  if (!prepared_context_.keep_alive) co_await connection_.close_politely();
  co_return prepared_context_.keep_alive;
}

/// What the head alone forbids, before the body is asked for.
std::optional<Response> Exchange::refuse_head(const RouteOptions& options) const {
  if (parser_.expectation() == RequestParser::Expectation::unknown) {
    return refusal_response(HttpRefusal::expectation_unknown,
                            "The only expectation understood is 100-continue.");
  }
  const auto coding = content_coding(parser_.content_encoding());
  if (!coding) {
    Response response = failure(coding.error());
    response.header("accept-encoding", "gzip, deflate");
    return response;
  }
  if (*coding == ContentCoding::identity &&
      parser_.content_length().value_or(0) > options.body_limit) {
    return failure(body_too_large(options.body_limit));
  }
  return std::nullopt;
}

Awaitable<bool> Exchange::send(Response response, AnswerContext& context, std::string_view route) {
  const Sent sent = co_await send_answer(connection_, response, context);
  record(sent, route);
  co_return sent.complete;
}

void Exchange::record(const Sent& sent, std::string_view route) {
  const double seconds = std::chrono::duration<double>(Steady::now() - started_).count();
  connection_.thread().stats().record(route, request_.method, sent.status, seconds);
  if (!server_.log.enabled(LogLevel::info)) return;
  server_.log.write(LogLevel::info, "request",
                    {{"method", std::string(name(request_.method))},
                     {"pattern", std::string(route)},
                     {"status", std::int64_t{sent.status}},
                     {"ms", static_cast<std::int64_t>(seconds * 1000)},
                     {"bytes", static_cast<std::int64_t>(sent.bytes)},
                     {"id", request_.id},
                     {"remote", request_.remote_address}});
}

Awaitable<void> run(std::shared_ptr<Connection> connection) {
  Log& log = connection->server().log;
  try {
    Exchange exchange(*connection);
    co_await exchange.run();
  } catch (const std::exception& thrown) {
    log.error("connection failed", {{"error", thrown.what()}});
  }
  connection->abort();
}

}  // namespace

void serve(std::shared_ptr<Connection> connection) {
  const Executor executor = connection->thread().executor();
  asio::co_spawn(executor, run(std::move(connection)), asio::detached);
}

}  // namespace imp::http
