#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "db/database.h"
#include "http/prepared.h"
#include "http/request.h"
#include "registry/packages/packument_cache.h"

namespace imp::registry {

/// Answers reads of packages: from the cache, and from the store when the cache has nothing.
/// Thread-safe.
class PackageReader {
 public:
  /// `public_url` without a trailing slash: "https://npm.example.org".
  PackageReader(db::Database& database, PackumentCache& cache, std::string public_url);

  /// The package, prepared, if this caller may read it. One that is absent, has no version yet, or
  /// is hidden from the caller is the same package_not_found.
  Result<std::shared_ptr<const CachedPackage>> package(const PackageName& name,
                                                       const Caller& caller) const;
  /// The document of `GET /<package>/<version or dist-tag>`.
  Result<std::string> manifest(const PackageName& name, std::string_view version_or_tag,
                               const Caller& caller) const;
  /// The tarball behind `/<package>/-/<file>`.
  Result<TarballRef> tarball(const PackageName& name, std::string_view file,
                             const Caller& caller) const;

  /// For the I/O thread: the packument that answers this GET or HEAD, when it is cached and public;
  /// null otherwise. Takes every spelling of the path ("/@a/b", "/@a%2fb", "/%40a%2Fb"), and the
  /// query "write=true", which means the full form whatever Accept says.
  std::shared_ptr<const http::Prepared> hot(const http::Request& request) const;

  /// Which form of the package answers this request.
  static const std::shared_ptr<const http::Prepared>& representation(const CachedPackage& package,
                                                                     const http::Request& request);
  const std::string& public_url() const { return public_url_; }

 private:
  db::Database& database_;
  PackumentCache& cache_;
  std::string public_url_;
};

}  // namespace imp::registry
