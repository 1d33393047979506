#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "http/request.h"

namespace imp::http {

/// Counts one thread's requests without a lock, and hands them to the metrics once in a while:
/// http_requests_total{route,method,status} and http_request_seconds{route}.
class RequestStats {
 public:
  explicit RequestStats(Metrics& metrics) : metrics_(metrics) {}

  /// `route` must be the same object, and stay, for all requests of a route: it is told by address.
  void record(std::string_view route, Method method, int status, double seconds);
  void flush();

 private:
  struct Series {
    std::string_view route;
    std::map<std::pair<Method, int>, std::uint64_t> counts;
    std::vector<std::uint64_t> buckets;
    double seconds = 0;
    bool changed = false;
  };

  Metrics& metrics_;
  std::unordered_map<const char*, Series> series_;
};

}  // namespace imp::http
