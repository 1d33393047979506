#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace imp::cli {

/// A staging policy as the API has it (`GET …/stage-policy`): what binds, then, where there is
/// such a thing, its group, the package's own and its organisation's, and a looser one that is to
/// come.
std::string policy_text(const boost::json::value& policy);

}  // namespace imp::cli
