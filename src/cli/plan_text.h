#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "cli/trust_file.h"

namespace imp::cli {

/// What a plan would do, or did, for a terminal.
struct PlanText {
  std::string text;         ///< each scope and package that changes, and a last line that counts
  std::size_t refused = 0;  ///< scopes and packages
};
/// `answer` is that of PUT /-/trust/publishers. Refusals get the place in the file that they are
/// about.
PlanText plan_text(const boost::json::value& answer, const TrustFile& file);

}  // namespace imp::cli
