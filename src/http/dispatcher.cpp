#include "http/dispatcher.h"

namespace imp::http {

namespace {

constexpr std::size_t kSinkChunk = 128 * 1024;
/// A sink's body of at most this size is read before the sink is made, as a handler's is.
constexpr std::uint64_t kReadAhead = 64 * 1024;

bool usable(BodyReader::Outcome outcome) {
  return outcome == BodyReader::Outcome::more || outcome == BodyReader::Outcome::complete;
}

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
    std::optional<Response> response = co_await connection_.answer_on_worker(
        pool, [&] { return guarded([&] { return route.handler(request_); }); });
    if (!response) co_return overloaded();
    const auto* wait = std::get_if<WaitFor>(&response->body);
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
  std::string chunk;
  bool answered = false;  // by the last step: what the others return is nobody's answer
  auto outcome = BodyReader::Outcome::more;
  // A small body is on its way already: with it in hand, one trip to a worker does everything.
  const bool ahead = body_.comes_unasked(kReadAhead);
  if (ahead) {
    outcome = co_await body_.read(chunk, kSinkChunk);
    if (!usable(outcome)) co_return refuse_body(outcome);
  }
  std::optional<Response> response = co_await connection_.answer_on_worker(pool, [&] {
    Response answer = guarded([&] {
      auto made = route.sink(request_);
      if (!made) return std::move(made.error());
      sink = std::move(*made);
      return Response{};
    });
    if (sink && ahead) return feed_sink(sink, chunk, outcome, answered);
    answered = !sink;
    return answer;
  });
  if (!response) co_return overloaded();
  if (!ahead && !answered) {
    const bool asked = co_await body_.accept();
    if (!asked) outcome = BodyReader::Outcome::gone;
  }
  while (!answered) {
    chunk.clear();
    if (outcome == BodyReader::Outcome::more) outcome = co_await body_.read(chunk, kSinkChunk);
    // This request has its place already, so its next steps do not queue for one.
    response = co_await connection_.answer_on_worker(
        pool, [&] { return feed_sink(sink, chunk, outcome, answered); }, true);
    if (!response) co_return overloaded();
    if (!usable(outcome)) co_return refuse_body(outcome);
  }
  co_return response;
}

/// Hands over what was read of the body; `answered` when the sink has failed or the body is
/// complete. The sink is let go when it is of no more use, also before it answers later.
Response Dispatcher::feed_sink(std::unique_ptr<BodySink>& sink, std::string_view chunk,
                               BodyReader::Outcome outcome, bool& answered) noexcept {
  if (!usable(outcome)) {
    sink.reset();
    return {};
  }
  answered = true;
  Response answer = guarded([&] {
    if (!chunk.empty()) {
      const auto written = sink->write(bytes_of(chunk));
      if (!written) return failure(written.error());
    }
    if (outcome == BodyReader::Outcome::complete) return sink->finish();
    answered = false;
    return Response{};
  });
  if (answered) sink.reset();
  return answer;
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
