#include "http/request_stats.h"

#include <algorithm>
#include <string>

namespace imp::http {

void RequestStats::record(std::string_view route, Method method, int status, double seconds) {
  const auto bounds = Metrics::second_bounds();
  Series& series = series_[route.data()];
  if (series.buckets.empty()) {
    series.route = route;
    series.buckets.resize(bounds.size() + 1);
  }
  ++series.counts[{method, status}];
  ++series.buckets[std::ranges::lower_bound(bounds, seconds) - bounds.begin()];
  series.seconds += seconds;
  series.changed = true;
}

void RequestStats::flush() {
  for (auto& [key, series] : series_) {
    if (!series.changed) continue;
    for (auto& [what, count] : series.counts) {
      if (count == 0) continue;
      const std::string status = std::to_string(what.second);
      metrics_.count("http_requests_total",
                     {{"route", series.route}, {"method", name(what.first)}, {"status", status}},
                     static_cast<double>(count));
      count = 0;
    }
    metrics_.observe_counted_seconds("http_request_seconds", series.buckets, series.seconds,
                                     {{"route", series.route}});
    std::ranges::fill(series.buckets, 0);
    series.seconds = 0;
    series.changed = false;
  }
}

}  // namespace imp::http
