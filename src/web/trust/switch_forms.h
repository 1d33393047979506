#pragma once

#include <boost/json/array.hpp>
#include <string>

#include "registry/api/trust/trust_place.h"
#include "web/frame/visit.h"

namespace imp::web {

/// What _switches.html shows of a package or a scope: each switch, whether it is on, and until
/// when.
Result<boost::json::array> switches_model(const Visit& visit, const registry::TrustTarget& target);

/// What its forms do: one switch, on or relaxed, with a code for this very change; then back to the
/// page `base`.
Result<http::Response> set_switch_by_form(const Visit& visit, const std::string& base);

}  // namespace imp::web
