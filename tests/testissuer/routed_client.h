#pragma once

#include <string>

#include "http/client.h"
#include "http/router.h"
#include "http/settled.h"

namespace imp::testissuer::test {

inline const std::string kOrigin = "http://127.0.0.1:4874";

/// The test issuer's routes as an HTTP client sees them, without a network: its limits are kept,
/// and what waits is a timeout.
class RoutedClient final : public http::Client {
 public:
  explicit RoutedClient(const http::Router& router) : router_(router) {}

  Result<http::Fetched> fetch(const http::Fetch& fetch) override {
    http::Request request;
    request.method = fetch.method == "GET" ? http::Method::get : http::Method::post;
    if (!fetch.url.starts_with(kOrigin)) return failed(http::FetchRefusal::unreachable);
    request.target = fetch.url.substr(kOrigin.size());
    const auto match = router_.match(request);
    if (!match.route) return http::Fetched{404, {}, ""};
    http::Response response = http::settled(match.route->handler(request));
    const auto* body = std::get_if<std::string>(&response.body);
    if (!body) return failed(http::FetchRefusal::timed_out);
    // The real client unpacks, and stops where this one does.
    const bool packed =
        !response.headers.empty() && response.headers.back().first == "content-encoding";
    if (packed || body->size() > fetch.body_limit) {
      return failed(http::FetchRefusal::body_too_large);
    }
    return http::Fetched{response.status, response.headers, *body};
  }

 private:
  static std::unexpected<Failure> failed(http::FetchRefusal refusal) {
    return refuse(refusal, "The test's client.");
  }
  const http::Router& router_;
};

}  // namespace imp::testissuer::test
