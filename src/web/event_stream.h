#pragma once

#include <string>
#include <string_view>

#include "http/response.h"

namespace imp::web {

/// One event of a text/event-stream (WHATWG HTML §9.2); `data` is a single line.
std::string event_text(std::string_view name, std::string_view data, std::string_view id = {});

/// The answer that streams such events.
http::Response event_response(std::function<http::StreamStep()> next);

}  // namespace imp::web
