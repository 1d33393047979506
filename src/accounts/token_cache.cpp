#include "accounts/token_cache.h"

namespace imp::accounts {

std::optional<TokenCache::Entry> TokenCache::find(const std::string& hash, Time now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(hash);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second->second;
  // A clock that went backwards must not keep an entry alive.
  if (now < entry.read || now - entry.read >= lifetime_) {
    order_.erase(found->second);
    entries_.erase(found);
    return std::nullopt;
  }
  order_.splice(order_.begin(), order_, found->second);
  return entry;
}

std::uint64_t TokenCache::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

void TokenCache::put(const std::string& hash, Entry entry, std::uint64_t generation) {
  const std::lock_guard lock(mutex_);
  if (generation != generation_) return;
  if (const auto found = entries_.find(hash); found != entries_.end()) {
    order_.erase(found->second);
    entries_.erase(found);
  }
  order_.emplace_front(hash, std::move(entry));
  entries_.emplace(hash, order_.begin());
  if (entries_.size() <= capacity_) return;
  entries_.erase(order_.back().first);
  order_.pop_back();
}

void TokenCache::clear() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  entries_.clear();
  order_.clear();
}

}  // namespace imp::accounts
