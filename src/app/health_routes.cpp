#include "app/health_routes.h"

#include <boost/json.hpp>

#include "http/response.h"

namespace imp::app {

namespace {

http::Response ready(db::Database& database, RunnerState runner) {
  const auto answered = database.read([](db::Session& session) -> Result<void> {
    session.row("SELECT 1");
    return {};
  });
  // The registry does not need a runner: its absence takes no server out of service.
  return http::json(answered ? 200 : 503,
                    boost::json::object{{"status", answered ? "ready" : "unavailable"},
                                        {"database", answered ? "ok" : "failing"},
                                        {"runner", name(runner)}});
}

}  // namespace

void add_health_routes(http::Router& router, db::Database& database,
                       const std::atomic<RunnerState>& runner, const Metrics& metrics) {
  router.add(http::Method::get, "/-/health",
             [](const http::Request&) { return http::json_text(200, R"({"status":"ok"})"); });
  router.add(http::Method::get, "/-/ready",
             [&database, &runner](const http::Request&) { return ready(database, runner); });
  router.add(http::Method::get, "/-/metrics", [&metrics](const http::Request&) {
    http::Response response;
    response.header("content-type", "text/plain; version=0.0.4");
    response.body = metrics.exposition();
    return response;
  });
}

}  // namespace imp::app
