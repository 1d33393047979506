#pragma once

#include <boost/json/value.hpp>
#include <vector>

#include "demo/world.h"

namespace imp::demo {

/// The audit log as `imprimatur audit export` prints it, oldest record first.
Outcome<std::vector<boost::json::value>> exported_audit(const World& world);

}  // namespace imp::demo
