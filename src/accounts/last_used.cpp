#include "accounts/last_used.h"

#include <algorithm>
#include <utility>

namespace imp::accounts {

void LastUsed::note(const std::string& key, Time now) {
  const std::lock_guard lock(mutex_);
  Time& noted = times_[key];
  noted = std::max(noted, now);
}

std::unordered_map<std::string, Time> LastUsed::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(times_, {});
}

}  // namespace imp::accounts
