#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace imp::cli {

/// What a package or a scope insists on, as the API has it ("trustedOnly", …), a line for each.
std::string switches_text(const boost::json::value& switches);

}  // namespace imp::cli
