#pragma once

#include <boost/json/array.hpp>
#include <string>

namespace imp::cli {

/// Publishers beside the claims of a token, as the API has them ("publisher", "outcome", "issuer",
/// "claims"), for a terminal: a line for each publisher, one for each claim below.
std::string comparison_text(const boost::json::array& publishers);

/// One publish attempt, as the API has it, for a terminal; of a publish also the exchange that got
/// its token.
std::string attempt_text(const boost::json::value& attempt);

/// The same in one line: when, what, its outcome and its id.
std::string attempt_line(const boost::json::value& attempt);

/// A member that is a text; empty when there is none.
std::string text_of(const boost::json::value& document, std::string_view member);
/// A member that is a point in time, for people (base/clock.h), with nothing that could steer a
/// terminal; empty when there is none.
std::string when_of(const boost::json::value& document, std::string_view member);
/// A member that is a list; empty when there is none.
boost::json::array array_of(const boost::json::value& document, std::string_view member);
/// Whether a member is `true`.
bool flag_of(const boost::json::value& document, std::string_view member);

}  // namespace imp::cli
