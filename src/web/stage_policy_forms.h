#pragma once

#include <boost/json/object.hpp>

#include "http/response.h"
#include "web/package_view.h"
#include "web/visit.h"

namespace imp::web {

/// The package's policy for staged releases, with a form for those who govern it.
Result<boost::json::object> policy_model(const Visit& visit, const PackageView& view);

/// What that form is sent to.
Result<http::Response> change_policy(const Visit& visit);

}  // namespace imp::web
