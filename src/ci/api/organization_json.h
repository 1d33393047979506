#pragma once

#include <boost/json/object.hpp>

#include "accounts/organization.h"

namespace imp::ci {

/// CircleCI's organisation object.
boost::json::object to_json(const accounts::Organization& organization);

}  // namespace imp::ci
