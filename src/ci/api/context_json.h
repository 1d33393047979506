#pragma once

#include <boost/json/object.hpp>

#include "ci/contexts/context.h"

namespace imp::ci {

/// The objects of CircleCI's context API.
boost::json::object to_json(const Context& context);
boost::json::object to_json(const ContextVariable& variable);
boost::json::object to_json(const Restriction& restriction);

}  // namespace imp::ci
