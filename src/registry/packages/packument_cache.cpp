#include "registry/packages/packument_cache.h"

#include <algorithm>
#include <functional>
#include <future>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace imp::registry {
namespace {

using Built = Result<std::shared_ptr<const CachedPackage>>;

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>{}(name);
  }
};
template <class T>
using ByName = std::unordered_map<std::string, T, NameHash, std::equal_to<>>;

struct Entry {
  Entry(std::shared_ptr<const CachedPackage> package, std::size_t bytes)
      : package(std::move(package)), bytes(bytes) {}
  std::shared_ptr<const CachedPackage> package;
  std::size_t bytes;
  // Set by readers under the shared lock; the evictor gives such an entry a second chance.
  mutable std::atomic<bool> used{true};
};

// One build that others may wait for. It stays in the shard's table only while its result may be
// kept: invalidate() takes it out, and then later callers start a build of their own.
struct Building {
  std::promise<Built> promise;
  std::shared_future<Built> result{promise.get_future().share()};
};

}  // namespace

const TarballRef* CachedPackage::tarball(std::string_view version) const {
  const auto found =
      std::ranges::lower_bound(tarballs, version, std::less<>(), &TarballRef::version);
  return found != tarballs.end() && found->version == version ? &*found : nullptr;
}

std::size_t CachedPackage::bytes() const {
  std::size_t total = 1024 + tarballs.size() * (sizeof(TarballRef) + 160);
  if (full) total += full->bytes();
  if (abbreviated) total += abbreviated->bytes();
  return total;
}

struct PackumentCache::Shard {
  mutable std::shared_mutex mutex;
  ByName<std::unique_ptr<Entry>> entries;
  ByName<std::shared_ptr<Building>> builds;
};

PackumentCache::PackumentCache(std::size_t byte_limit)
    : byte_limit_(byte_limit), shards_(std::make_unique<Shard[]>(kShards)) {}
PackumentCache::~PackumentCache() = default;

PackumentCache::Shard& PackumentCache::shard(std::string_view name) const {
  // The table inside the shard uses the low bits of the same hash.
  return shards_[(NameHash{}(name) >> 40) % kShards];
}

std::shared_ptr<const CachedPackage> PackumentCache::find(std::string_view name) const {
  const Shard& home = shard(name);
  const std::shared_lock lock(home.mutex);
  const auto found = home.entries.find(name);
  if (found == home.entries.end()) return nullptr;
  if (!found->second->used.load(std::memory_order_relaxed)) {
    found->second->used.store(true, std::memory_order_relaxed);
  }
  return found->second->package;
}

Result<std::shared_ptr<const CachedPackage>> PackumentCache::get(const std::string& name,
                                                                 const Build& build) {
  if (auto cached = find(name)) return cached;
  Shard& home = shard(name);
  std::shared_ptr<Building> mine;
  std::shared_future<Built> others;
  {
    const std::unique_lock lock(home.mutex);
    if (const auto found = home.entries.find(name); found != home.entries.end()) {
      return found->second->package;
    }
    std::shared_ptr<Building>& slot = home.builds[name];
    if (slot) {
      others = slot->result;
    } else {
      slot = mine = std::make_shared<Building>();
    }
  }
  if (!mine) return others.get();

  Built built;
  try {
    if (Result<CachedPackage> made = build()) {
      built = std::make_shared<const CachedPackage>(std::move(*made));
    } else {
      built = pass_on(made);
    }
  } catch (...) {  // out of memory: those who wait must not wait for ever
    const std::unique_lock lock(home.mutex);
    const auto found = home.builds.find(name);
    if (found != home.builds.end() && found->second == mine) home.builds.erase(found);
    mine->promise.set_exception(std::current_exception());
    throw;
  }
  const std::size_t size = built ? (*built)->bytes() : 0;
  bool kept = false;
  {
    const std::unique_lock lock(home.mutex);
    const auto found = home.builds.find(name);
    if (found != home.builds.end() && found->second == mine) {
      home.builds.erase(found);
      if (built && size <= byte_limit_) {
        home.entries.emplace(name, std::make_unique<Entry>(*built, size));
        bytes_.fetch_add(size, std::memory_order_relaxed);
        kept = true;
      }
    }
  }
  mine->promise.set_value(built);
  if (kept) evict(&home - shards_.get());
  return built;
}

void PackumentCache::invalidate(std::string_view name, std::int64_t revision) {
  Shard& home = shard(name);
  std::unique_ptr<Entry> old;  // let go after the lock: that gives memory back to the system
  const std::unique_lock lock(home.mutex);
  if (const auto build = home.builds.find(name); build != home.builds.end()) {
    home.builds.erase(build);
  }
  const auto found = home.entries.find(name);
  if (found == home.entries.end() || found->second->package->revision >= revision) return;
  bytes_.fetch_sub(found->second->bytes, std::memory_order_relaxed);
  old = std::move(found->second);
  home.entries.erase(found);
}

void PackumentCache::evict(std::size_t first_shard) {
  // Twice around: the first visit to an entry that was used only takes its mark.
  for (std::size_t step = 0; step < 2 * kShards; ++step) {
    if (bytes() <= byte_limit_) return;
    Shard& home = shards_[(first_shard + 1 + step) % kShards];
    std::vector<std::unique_ptr<Entry>> old;
    const std::unique_lock lock(home.mutex);
    for (auto entry = home.entries.begin(); entry != home.entries.end() && bytes() > byte_limit_;) {
      if (entry->second->used.exchange(false, std::memory_order_relaxed)) {
        ++entry;
        continue;
      }
      bytes_.fetch_sub(entry->second->bytes, std::memory_order_relaxed);
      old.push_back(std::move(entry->second));
      entry = home.entries.erase(entry);
    }
  }
}

}  // namespace imp::registry
