#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>

namespace imp {

namespace {

const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};

std::map<std::string, std::string> owned(Labels labels) {
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : labels) map.emplace(key, value);
  return map;
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  std::mutex mutex;
  std::map<std::string, prometheus::Family<prometheus::Counter>*, std::less<>> counters;
  std::map<std::string, prometheus::Family<prometheus::Gauge>*, std::less<>> gauges;
  std::map<std::string, prometheus::Family<prometheus::Histogram>*, std::less<>> histograms;

  template <class Kind, class Build>
  prometheus::Family<Kind>& family(
      std::map<std::string, prometheus::Family<Kind>*, std::less<>>& families,
      std::string_view name, Build build) {
    const std::lock_guard lock(mutex);
    const auto found = families.find(name);
    if (found != families.end()) return *found->second;
    auto& made = build().Name(std::string(name)).Register(registry);
    families.emplace(std::string(name), &made);
    return made;
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::count(std::string_view name, Labels labels, double by) {
  impl_->family(impl_->counters, name, [] { return prometheus::BuildCounter(); })
      .Add(owned(labels))
      .Increment(by);
}

void Metrics::set(std::string_view name, double value, Labels labels) {
  impl_->family(impl_->gauges, name, [] { return prometheus::BuildGauge(); })
      .Add(owned(labels))
      .Set(value);
}

void Metrics::observe_seconds(std::string_view name, double seconds, Labels labels) {
  impl_->family(impl_->histograms, name, [] { return prometheus::BuildHistogram(); })
      .Add(owned(labels), kSeconds)
      .Observe(seconds);
}

std::span<const double> Metrics::second_bounds() { return kSeconds; }

void Metrics::observe_counted_seconds(std::string_view name, std::span<const std::uint64_t> counts,
                                      double sum, Labels labels) {
  impl_->family(impl_->histograms, name, [] { return prometheus::BuildHistogram(); })
      .Add(owned(labels), kSeconds)
      .ObserveMultiple(std::vector<double>(counts.begin(), counts.end()), sum);
}

std::string Metrics::exposition() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace imp
