#include "app/health_routes.h"

#include <boost/json.hpp>

#include "http/response.h"

namespace imp::app {

namespace {

http::Response ready(db::Database& database) {
  const auto answered = database.read([](db::Session& session) -> Result<void> {
    session.row("SELECT 1");
    return {};
  });
  if (!answered)
    return http::json(503, boost::json::object{{"status", "unavailable"}, {"database", "failing"}});
  return http::json(200, boost::json::object{{"status", "ready"}, {"database", "ok"}});
}

}  // namespace

void add_health_routes(http::Router& router, db::Database& database, const Metrics& metrics) {
  router.add(http::Method::get, "/-/health",
             [](const http::Request&) { return http::json_text(200, R"({"status":"ok"})"); });
  router.add(http::Method::get, "/-/ready",
             [&database](const http::Request&) { return ready(database); });
  router.add(http::Method::get, "/-/metrics", [&metrics](const http::Request&) {
    http::Response response;
    response.header("content-type", "text/plain; version=0.0.4");
    response.body = metrics.exposition();
    return response;
  });
}

}  // namespace imp::app
