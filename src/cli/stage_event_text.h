#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace imp::cli {

/// An event of the stream of staged releases for a terminal, one line:
///   2026-10-01T12:00:00.000Z approval  @acme/lib@1.1.0 by ada (1 of 2)  0199…
std::string stage_event_text(std::string_view name, const boost::json::value& data);

}  // namespace imp::cli
