#include "http/event_stream.h"

#include <fmt/format.h>

namespace imp::http {

std::string event_text(std::string_view name, std::string_view data, std::string_view id) {
  const std::string id_line = id.empty() ? std::string() : fmt::format("id: {}\n", id);
  return fmt::format("{}event: {}\ndata: {}\n\n", id_line, name, data);
}

Response event_response(std::function<StreamStep()> next) {
  Response response;
  response.header("content-type", "text/event-stream").header("cache-control", "no-store");
  // Proxies that buffer would hold live output back.
  response.header("x-accel-buffering", "no");
  response.body = StreamBody{std::move(next)};
  return response;
}

}  // namespace imp::http
