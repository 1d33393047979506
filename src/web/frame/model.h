#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace imp::web {

/// A point in time for {{>_time}}: {"iso", "text", "full"}: "5 minutes ago", in full for the
/// tooltip.
boost::json::object time_model(Time time, Time now);
/// The same, or false for nothing.
boost::json::value time_model(const std::optional<Time>& time, Time now);

/// "3 minutes", "1.4 s"
std::string duration_text(Milliseconds duration);
/// "12.3 kB"
std::string size_text(std::uint64_t bytes);
/// "/package/@acme/widgets"
std::string package_link(std::string_view name);
/// The address when a browser may follow it from a page: http and https alone; empty otherwise.
std::string safe_link(std::string_view address);
/// "Firefox on Linux", from a User-Agent; what it says in full when that is all that is known.
std::string browser_text(std::string_view user_agent);
/// A status as pages say it: "on_hold" is "on hold".
std::string status_text(std::string_view status);
/// What colours a status word: "good", "bad", "busy", "waiting" or "quiet".
std::string_view tone_of(std::string_view status);

}  // namespace imp::web
