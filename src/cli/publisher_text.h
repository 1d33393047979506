#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace imp::cli {

/// A trusted publisher as the API has it, for a terminal: a line that names it, and below its
/// claims and permissions, when it can be used and when it ends unless it is.
std::string publisher_text(const boost::json::value& publisher, std::string_view indent = {});

}  // namespace imp::cli
