#pragma once

#include <atomic>

#include "app/runner_keeper.h"
#include "base/metrics.h"
#include "db/database.h"
#include "http/router.h"

namespace imp::app {

/// GET /-/health (the process answers), /-/ready (and its store does; it also
/// tells how the runner beside the server is), /-/metrics (Prometheus).
void add_health_routes(http::Router& router, db::Database& database,
                       const std::atomic<RunnerState>& runner, const Metrics& metrics);

}  // namespace imp::app
