#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.h"
#include "http/prepared.h"
#include "registry/packages/packument.h"

namespace imp::registry {

/// Where the bytes of one published version are.
struct TarballRef {
  std::string version;
  std::string sha512;
  std::uint64_t size = 0;
};

/// A package ready to be served. Immutable.
struct CachedPackage {
  PackageAccess access;
  std::int64_t revision = 0;
  std::shared_ptr<const http::Prepared> full;
  std::shared_ptr<const http::Prepared> abbreviated;
  std::vector<TarballRef> tarballs;  ///< of published versions, sorted by version text

  bool anonymous() const { return access.access == Access::open; }
  const TarballRef* tarball(std::string_view version) const;
  std::size_t bytes() const;  ///< what it counts against the cache's limit
};

/// Prepared packuments by package name, bounded by bytes. Thread-safe; find() takes one shared lock
/// and allocates nothing. I/O threads wait for that lock, so what is expensive to let go is let go
/// without it.
///
/// Reads see writes: a writer calls invalidate() after its commit and before it answers. A build
/// that began before that is handed to those who already waited for it, but is not kept.
class PackumentCache {
 public:
  explicit PackumentCache(std::size_t byte_limit);
  ~PackumentCache();

  /// What is cached, or null.
  std::shared_ptr<const CachedPackage> find(std::string_view name) const;

  /// What is cached, or else what `build` makes; callers that ask for the same package meanwhile
  /// wait for that one build. Failures are passed on and not kept. `build` must not call the cache.
  using Build = std::function<Result<CachedPackage>()>;
  Result<std::shared_ptr<const CachedPackage>> get(const std::string& name, const Build& build);

  /// Forgets the package unless what is cached has at least this revision.
  void invalidate(std::string_view name, std::int64_t revision);

  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Shard;
  Shard& shard(std::string_view name) const;
  void evict(std::size_t first_shard);

  static constexpr std::size_t kShards = 16;
  std::size_t byte_limit_;
  std::atomic<std::size_t> bytes_{0};
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace imp::registry
