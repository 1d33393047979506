#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "blobs/store.h"
#include "db/database.h"
#include "http/page_store.h"
#include "http/prepared.h"
#include "http/request.h"
#include "registry/packages/packument_cache.h"
#include "registry/packages/tarball_cache.h"

namespace imp::registry {

/// Answers reads of packages: from the cache, and from the store when the cache has nothing.
/// Thread-safe.
class PackageReader {
 public:
  /// `public_url` without a trailing slash: "https://npm.example.org". At most `open_tarballs`
  /// files are kept open.
  PackageReader(db::Database& database, blobs::Store& blobs, PackumentCache& cache,
                std::string public_url, std::size_t open_tarballs = 64);

  /// The package, prepared, if this caller may read it. One that is absent, has no version yet, or
  /// is hidden from the caller is the same package_not_found.
  Result<std::shared_ptr<const CachedPackage>> package(const PackageName& name,
                                                       const Caller& caller) const;
  /// The document of `GET /<package>/<version or dist-tag>`.
  Result<std::string> manifest(const PackageName& name, std::string_view version_or_tag,
                               const Caller& caller) const;
  /// The tarball behind `/<package>/-/<file>`.
  Result<std::shared_ptr<const http::Prepared>> tarball(const PackageName& name,
                                                        std::string_view file,
                                                        const Caller& caller) const;
  /// After a blob was stored, which replaces the file of one that was there.
  void stored(std::string_view sha512) { open_tarballs_.forget(sha512); }

  /// For the I/O thread: the packument or tarball that answers this GET or HEAD, when the package
  /// is cached and public (and the tarball's file is open); null otherwise. Takes every spelling of
  /// the path (read_path.h), and for packuments the query "write=true", which means the full form
  /// whatever Accept says.
  std::shared_ptr<const http::Prepared> hot(const http::Request& request) const;

  /// Which form of the package answers this request.
  static const std::shared_ptr<const http::Prepared>& representation(const CachedPackage& package,
                                                                     const http::Request& request);
  const std::string& public_url() const { return public_url_; }

 private:
  db::Database& database_;
  blobs::Store& blobs_;
  PackumentCache& cache_;
  mutable TarballCache open_tarballs_;
  const std::shared_ptr<http::PageStore> pages_ = http::PageStore::create();
  std::string public_url_;
};

}  // namespace imp::registry
