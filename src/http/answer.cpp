#include "http/answer.h"

#include <fmt/format.h>
#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>

#include "http/http_refusal.h"
#include "http/prepared.h"
#include "http/response_head.h"

namespace imp::http {

namespace {

/// While the workers are busy, a stream asks again after this long.
constexpr Milliseconds kBusyPause{50};

/// The headers that only this answer has; ends the head.
void append_own_headers(std::string& head, Connection& connection, const AnswerContext& context) {
  append_header(head, "date", connection.thread().date(context.request.received));
  append_header(head, "x-request-id", context.request.id);
  if (!context.keep_alive) {
    append_header(head, "connection", "close");
  } else if (!context.http_1_1) {
    append_header(head, "connection", "keep-alive");
  }
  head += "\r\n";
}

bool has_header(const Headers& headers, std::string_view name) {
  return std::ranges::any_of(
      headers, [&](const auto& header) { return equal_ignoring_case(header.first, name); });
}

bool forbids_body(int status) { return status == 204 || status == 304 || status < 200; }

std::string make_head(Connection& connection, const Response& response,
                      const AnswerContext& context, std::string_view framing) {
  std::string head;
  head.reserve(512);
  append_status_line(head, response.status);
  append_headers(head, response.headers);
  if (context.no_store && !has_header(response.headers, "cache-control")) {
    append_header(head, "cache-control", "no-store");
  }
  append_header(head, "x-content-type-options", "nosniff");
  head += framing;
  append_own_headers(head, connection, context);
  return head;
}

std::string length_header(int status, std::uint64_t size) {
  if (forbids_body(status)) return {};
  return fmt::format("content-length: {}\r\n", size);
}

/// One step of a stream, run on a worker. The function is there too when it ends: it may hold what
/// must not be let go on an I/O thread.
struct StreamRun {
  std::function<StreamStep()> next;
  StreamStep step;
  bool failed = false;
  std::string error;

  void run() noexcept {
    try {
      step = next();
    } catch (const std::exception& thrown) {
      failed = true;
      error = thrown.what();
    } catch (...) {
      failed = true;
      error = "not a std::exception";
    }
  }
};

std::string framed(const std::string& bytes, bool chunked) {
  if (!chunked || bytes.empty()) return bytes;
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

Awaitable<Sent> send_stream(Connection& connection, Response& response, AnswerContext& context) {
  Sent sent{response.status, 0, false};
  const bool chunked = context.http_1_1;
  if (!chunked) context.keep_alive = false;  // HTTP/1.0: the body ends with the connection
  const std::string head =
      make_head(connection, response, context, chunked ? "transfer-encoding: chunked\r\n" : "");
  if (!co_await connection.write({head, {}, {}})) co_return sent;
  if (context.request.method == Method::head) {
    sent.complete = true;
    co_return sent;
  }
  StreamRun stream{std::move(std::get<StreamBody>(response.body).next), {}, false, {}};
  while (!connection.gone()) {
    const bool stopping = connection.server().stopping;
    const std::uint64_t since = connection.server().waiters.sequence();
    stream.step = {};
    if (!stopping) {
      const bool ran = co_await connection.on_worker(*context.pool, [&] { stream.run(); });
      if (!ran) stream.step.wait_at_most = kBusyPause;
    }
    if (stream.failed) {
      connection.server().log.error("stream failed",
                                    {{"id", context.request.id}, {"error", stream.error}});
      break;  // cut off without the last chunk, so that the client notices
    }
    const bool last = stream.step.done || stopping;
    sent.bytes += stream.step.bytes.size();
    std::string piece = framed(stream.step.bytes, chunked);
    if (last && chunked) piece += "0\r\n\r\n";
    if (!piece.empty()) {
      const bool written = co_await connection.write({piece, {}, {}});
      if (!written) break;
    }
    if (last) {
      sent.complete = true;
      break;
    }
    const bool go_on = stream.step.wait_topic.empty() && !stream.step.bytes.empty();
    if (go_on) continue;
    co_await connection.sleep_on(stream.step.wait_topic, since,
                                 Steady::now() + stream.step.wait_at_most);
  }
  co_await connection.on_worker(*context.pool, [&] { stream.next = nullptr; }, true);
  co_return sent;
}

}  // namespace

Awaitable<Sent> send_prepared(Connection& connection, const Prepared& prepared,
                              const Headers& extra, AnswerContext& context) {
  const PreparedChoice choice = choose(prepared, context.request);
  std::string_view head = *choice.head;
  head.remove_suffix(2);  // the blank line comes after what is this answer's own
  context.scratch.clear();
  if (choice.file != nullptr) context.scratch = head;
  append_headers(context.scratch, extra);
  append_own_headers(context.scratch, connection, context);
  Sent sent{choice.status, choice.body.size(), false};
  if (choice.file != nullptr) {
    sent.bytes = choice.file->size;
    sent.complete = co_await connection.write_file(context.scratch, *choice.file);
    co_return sent;
  }
  sent.complete = co_await connection.write({head, context.scratch, choice.body});
  co_return sent;
}

Awaitable<Sent> send_answer(Connection& connection, Response& response, AnswerContext& context) {
  if (!is_valid(response.headers)) {
    connection.server().log.error("invalid response header", {{"id", context.request.id}});
    response = failure(refuse(HttpRefusal::handler_failed, "Something went wrong.").error());
  }
  if (const auto* prepared = std::get_if<std::shared_ptr<const Prepared>>(&response.body)) {
    co_return co_await send_prepared(connection, **prepared, response.headers, context);
  }
  if (std::holds_alternative<StreamBody>(response.body)) {
    co_return co_await send_stream(connection, response, context);
  }
  const bool without_body = context.request.method == Method::head || forbids_body(response.status);
  Sent sent{response.status, 0, false};
  if (const auto* file = std::get_if<FileBody>(&response.body)) {
    const std::string head =
        make_head(connection, response, context,
                  length_header(response.status, file->size) + "accept-ranges: none\r\n");
    FileBody body = *file;
    if (without_body) body.size = 0;
    sent.bytes = body.size;
    sent.complete = co_await connection.write_file(head, body);
    co_return sent;
  }
  const std::string& body = std::get<std::string>(response.body);
  const std::string head =
      make_head(connection, response, context, length_header(response.status, body.size()));
  const std::string_view bytes = without_body ? std::string_view() : std::string_view(body);
  sent.bytes = bytes.size();
  sent.complete = co_await connection.write({head, bytes, {}});
  co_return sent;
}

}  // namespace imp::http
