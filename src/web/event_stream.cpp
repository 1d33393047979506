#include "web/event_stream.h"

#include "web/page.h"

namespace imp::web {

std::string event_text(std::string_view name, std::string_view data, std::string_view id) {
  const std::string id_line = id.empty() ? std::string() : fmt::format("id: {}\n", id);
  return fmt::format("{}event: {}\ndata: {}\n\n", id_line, name, data);
}

http::Response event_response(std::function<http::StreamStep()> next) {
  http::Response response;
  response.header("content-type", "text/event-stream").header("cache-control", "no-store");
  add_security_headers(response);
  response.body = http::StreamBody{std::move(next)};
  return response;
}

}  // namespace imp::web
