#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "base/failure.h"

namespace imp::cli {

/// Claims of a command line, each "name=value". `true`, `false`, lists and objects are read as
/// JSON; all else is a text, as most claims are, also identifiers that look like numbers.
Result<boost::json::object> claims_of(const std::vector<std::string>& given);

}  // namespace imp::cli
