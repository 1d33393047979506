#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/response.h"

namespace imp::http {

/// One event of a text/event-stream (WHATWG HTML §9.2); `data` is a single line. A browser that
/// reconnects sends the last `id` it was given as Last-Event-ID.
std::string event_text(std::string_view name, std::string_view data, std::string_view id = {});

/// Sent when there is nothing to tell, so that a connection that is gone is noticed.
inline constexpr std::string_view event_pause = ": still here\n\n";

/// The answer that streams such events.
Response event_response(std::function<StreamStep()> next);

}  // namespace imp::http
