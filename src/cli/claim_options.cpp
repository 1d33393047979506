#include "cli/claim_options.h"

#include <boost/json.hpp>

#include "cli/refusal.h"

namespace imp::cli {

Result<boost::json::object> claims_of(const std::vector<std::string>& given) {
  boost::json::object claims;
  for (const std::string& claim : given) {
    const std::size_t equals = claim.find('=');
    if (equals == std::string::npos || equals == 0) {
      return refuse(CliRefusal::unusable_argument,
                    fmt::format("--claim takes name=value, and \"{}\" is not.", claim));
    }
    const std::string value = claim.substr(equals + 1);
    boost::system::error_code error;
    boost::json::value parsed = boost::json::parse(value, error);
    const bool typed = !error && (parsed.is_bool() || parsed.is_array() || parsed.is_object());
    const auto added = claims.emplace(claim.substr(0, equals),
                                      typed ? std::move(parsed) : boost::json::value(value));
    if (!added.second) {
      return refuse(CliRefusal::unusable_argument,
                    fmt::format("The claim {} is given twice.", claim.substr(0, equals)));
    }
  }
  return claims;
}

}  // namespace imp::cli
