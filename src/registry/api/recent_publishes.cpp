#include "registry/api/recent_publishes.h"

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
  std::erase_if(answered_, [&](const auto& entry) { return now - entry.second > kRetryWindow; });
  answered_[key(name, version)] = now;
}

bool RecentPublishes::was_answered(std::string_view name, std::string_view version) const {
  const std::lock_guard lock(mutex_);
  return answered_.contains(key(name, version));
}

}  // namespace imp::registry
