#include "http/dispatcher.h"

namespace imp::http {

namespace {

constexpr std::size_t kSinkChunk = 128 * 1024;

}  // namespace

Response refusal_response(HttpRefusal refusal, const std::string& message) {
  Response response = failure(refuse(refusal, message).error());
  response.status = status_of(refusal);
  return response;
}

Awaitable<std::optional<Response>> Dispatcher::respond(const Router::Route& route) {
  if (route.sink) co_return co_await run_sink(route);
  if (!co_await body_.accept()) co_return std::nullopt;
  while (true) {
    const auto outcome = co_await body_.read(request_.body, std::string::npos);
    if (outcome == BodyReader::Outcome::complete) break;
    if (outcome != BodyReader::Outcome::more) co_return refuse_body(outcome);
  }
  co_return co_await call_handler(route);
}

/// The answer to a body that cannot be read to its end; nothing when the client has gone.
std::optional<Response> Dispatcher::refuse_body(BodyReader::Outcome outcome) {
  if (outcome == BodyReader::Outcome::gone) return std::nullopt;
  body_.abandon();
  Response response = failure(body_.failure());
  if (outcome == BodyReader::Outcome::timed_out) response.status = 408;
  return response;
}

Awaitable<std::optional<Response>> Dispatcher::call_handler(const Router::Route& route) {
  WorkerPool& pool = server_.pool(route.options.pool);
  std::optional<Steady::time_point> until;  // counted from the first time the handler asked to wait
  while (true) {
    const std::uint64_t since = server_.waiters.sequence();
    Response response;
    const bool ran = co_await connection_.on_worker(
        pool, [&] { response = guarded([&] { return route.handler(request_); }); });
    if (!ran) co_return overloaded();
    const auto* wait = std::get_if<WaitFor>(&response.body);
    if (wait == nullptr) co_return response;
    if (request_.wait_expired) {
      server_.log.error("handler waits for ever", {{"pattern", route.pattern}});
      co_return refusal_response(HttpRefusal::handler_failed, "This took too long.");
    }
    if (!until) until = Steady::now() + wait->at_most;
    const bool notified = co_await connection_.sleep_on(wait->topic, since, *until);
    if (connection_.gone()) co_return std::nullopt;
    request_.wait_expired = !notified;
  }
}

Awaitable<std::optional<Response>> Dispatcher::run_sink(const Router::Route& route) {
  WorkerPool& pool = server_.pool(route.options.pool);
  std::unique_ptr<BodySink> sink;
  std::optional<Response> response;
  const bool ran = co_await connection_.on_worker(pool, [&] {
    Response answer = guarded([&] {
      auto made = route.sink(request_);
      if (!made) return failure(made.error());
      sink = std::move(*made);
      return Response{};
    });
    if (!sink) response = std::move(answer);
  });
  if (!ran) co_return overloaded();
  if (response) co_return response;

  auto outcome = BodyReader::Outcome::gone;
  if (co_await body_.accept()) outcome = BodyReader::Outcome::more;
  std::string chunk;
  do {
    chunk.clear();
    if (outcome == BodyReader::Outcome::more) outcome = co_await body_.read(chunk, kSinkChunk);
    const bool last = outcome == BodyReader::Outcome::complete;
    const bool usable = last || outcome == BodyReader::Outcome::more;
    // This request has its place already, so its next steps do not queue for one.
    const bool stepped = co_await connection_.on_worker(
        pool,
        [&] {
          if (usable) response = feed_sink(*sink, chunk, last);
          if (!usable || response) sink.reset();
        },
        true);
    if (!stepped) co_return overloaded();
    if (!usable) co_return refuse_body(outcome);
  } while (!response);
  co_return response;
}

/// Hands over a piece of the body; an answer when the sink has failed or the body is complete.
std::optional<Response> Dispatcher::feed_sink(BodySink& sink, std::string_view chunk,
                                              bool last) noexcept {
  bool ended = true;
  Response answer = guarded([&] {
    if (!chunk.empty()) {
      const auto written = sink.write(bytes_of(chunk));
      if (!written) return failure(written.error());
    }
    if (last) return sink.finish();
    ended = false;
    return Response{};
  });
  return ended ? std::optional(std::move(answer)) : std::nullopt;
}

Response Dispatcher::guarded(const std::function<Response()>& handler) noexcept {
  std::string error;
  try {
    return handler();
  } catch (const std::exception& thrown) {
    error = thrown.what();
  } catch (...) {
    error = "not a std::exception";
  }
  server_.log.error(
      "handler failed",
      {{"id", request_.id}, {"method", std::string(name(request_.method))}, {"error", error}});
  return refusal_response(HttpRefusal::handler_failed,
                          "Something went wrong here; it is in the log under this request's id.");
}

Response Dispatcher::overloaded() {
  server_.metrics.count("http_rejected_total", {{"reason", "workers"}});
  return refusal_response(HttpRefusal::overloaded,
                          "The server has too much to do at the moment; try again.");
}

}  // namespace imp::http
