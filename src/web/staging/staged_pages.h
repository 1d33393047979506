#pragma once

#include "http/response.h"
#include "web/frame/visit.h"

namespace imp::web {

/// The releases of a package that wait, what became of the last ones, and who approves.
Result<http::Response> show_staged(const Visit& visit);

}  // namespace imp::web
