#include "registry/packages/tarball_cache.h"

#include <mutex>

namespace imp::registry {

TarballCache::TarballCache(std::size_t limit) : slots_(limit) {}

std::shared_ptr<const http::Prepared> TarballCache::find(std::string_view sha512) const {
  const std::shared_lock lock(mutex_);
  const auto place = places_.find(sha512);
  if (place == places_.end()) return nullptr;
  const Slot& slot = slots_[place->second];
  if (!slot.used.load(std::memory_order_relaxed)) {
    slot.used.store(true, std::memory_order_relaxed);
  }
  return slot.tarball;
}

void TarballCache::keep(const std::string& sha512, std::shared_ptr<const http::Prepared> tarball) {
  if (slots_.empty()) return;
  // The one whose place it takes goes with the argument, after the lock: that closes its file.
  const std::unique_lock lock(mutex_);
  if (const auto place = places_.find(sha512); place != places_.end()) {
    slots_[place->second].tarball.swap(tarball);
    return;
  }
  const std::size_t at = free_slot();
  Slot& slot = slots_[at];
  slot.sha512 = sha512;
  slot.tarball.swap(tarball);
  places_.emplace(slot.sha512, at);
}

void TarballCache::forget(std::string_view sha512) {
  std::shared_ptr<const http::Prepared> old;  // let go after the lock
  const std::unique_lock lock(mutex_);
  const auto place = places_.find(sha512);
  if (place == places_.end()) return;
  slots_[place->second].tarball.swap(old);
  places_.erase(place);
}

// The hand of a clock: it passes over what was used since it came by last, once.
std::size_t TarballCache::free_slot() {
  while (true) {
    const std::size_t at = hand_;
    hand_ = (hand_ + 1) % slots_.size();
    Slot& slot = slots_[at];
    if (slot.tarball && slot.used.exchange(false, std::memory_order_relaxed)) continue;
    if (slot.tarball) places_.erase(slot.sha512);
    return at;
  }
}

}  // namespace imp::registry
