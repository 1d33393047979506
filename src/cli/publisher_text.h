#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace imp::cli {

/// A trusted publisher as the API has it, for a terminal: a line that names it, and its claims and
/// permissions below.
std::string publisher_text(const boost::json::value& publisher, std::string_view indent = {});

}  // namespace imp::cli
