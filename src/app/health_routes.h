#pragma once

#include "base/metrics.h"
#include "db/database.h"
#include "http/router.h"

namespace imp::app {

/// GET /-/health (the process answers), /-/ready (and its store does), /-/metrics (Prometheus).
void add_health_routes(http::Router& router, db::Database& database, const Metrics& metrics);

}  // namespace imp::app
