#pragma once

#include <cstdint>
#include <string>

#include "http/connection.h"
#include "http/request.h"
#include "http/response.h"
#include "http/router.h"

namespace imp::http {

/// What the sender of an answer needs to know of the request.
struct AnswerContext {
  const Request& request;
  bool http_1_1 = true;
  bool keep_alive = true;      ///< cleared when the connection cannot be used afterwards
  bool no_store = true;        ///< add `cache-control: no-store` unless the handler chose
  WorkerPool* pool = nullptr;  ///< where a stream's steps run
  std::string scratch{};       ///< the part of the head that belongs to this answer alone
};

/// What went out, for the log and the metrics.
struct Sent {
  int status = 0;
  std::uint64_t bytes = 0;  ///< of the body
  bool complete = false;    ///< false: the connection broke on the way
};

/// Sends the response (anything but WaitFor).
Awaitable<Sent> send_answer(Connection& connection, Response& response, AnswerContext& context);
/// Sends prepared bytes: one gather-write, nothing allocated that grows with the document.
Awaitable<Sent> send_prepared(Connection& connection, const Prepared& prepared,
                              const Headers& extra, AnswerContext& context);

}  // namespace imp::http
