#include "registry/api/packages/recent_publishes.h"

#include "registry/publish/commit.h"

namespace imp::registry {

namespace {

std::string key(std::string_view name, std::string_view version) {
  return std::string(name) + '@' + std::string(version);
}

}  // namespace

void RecentPublishes::answered(std::string_view name, std::string_view version) {
  const Time now = clock_.now();
  const std::lock_guard lock(mutex_);
  while (!by_age_.empty() && now - by_age_.front()->second > kRetryWindow) {
    answered_.erase(by_age_.front());
    by_age_.pop_front();
  }
  // A version is published once; one that is answered again keeps its first moment.
  const auto [entry, added] = answered_.emplace(key(name, version), now);
  if (added) by_age_.push_back(entry);
}

bool RecentPublishes::was_answered(std::string_view name, std::string_view version) const {
  const std::lock_guard lock(mutex_);
  return answered_.contains(key(name, version));
}

}  // namespace imp::registry
