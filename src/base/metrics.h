#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace imp {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// Counters, gauges and histograms in Prometheus' data model. Thread-safe. Label values must come
/// from a closed set (routes, refusal codes): never from a request.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  void count(std::string_view name, Labels labels = {}, double by = 1);
  void set(std::string_view name, double value, Labels labels = {});
  void observe_seconds(std::string_view name, double seconds, Labels labels = {});

  /// The upper bounds of every histogram's buckets, in seconds, ascending.
  static std::span<const double> second_bounds();
  /// Adds observations that a busy thread has counted by itself: one count per bound, and a last
  /// one for what lies beyond; `sum` is the total of the observed seconds.
  void observe_counted_seconds(std::string_view name, std::span<const std::uint64_t> counts,
                               double sum, Labels labels = {});

  /// The text exposition format, version 0.0.4.
  std::string exposition() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace imp
