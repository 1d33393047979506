#include "registry/packages/package_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "registry/packages/read_path.h"
#include "registry/packages/refusal.h"
#include "registry/packages/store.h"
#include "registry/packages/version_store.h"

namespace imp::registry {
namespace {

constexpr std::string_view kPlainType = "application/json";
constexpr std::string_view kAbbreviatedType = "application/vnd.npm.install-v1+json";

std::unexpected<Failure> not_found(const PackageName& name) {
  return refuse(PackageRefusal::package_not_found,
                fmt::format("There is no package \"{}\" here.", name.text()));
}

// npm keeps what it fetched; "must-revalidate" makes it ask each time, so that a version just
// published is seen. What is restricted is not for shared caches.
http::PrepareOptions options(std::string_view type, Access access,
                             const std::shared_ptr<http::PageStore>& pages) {
  http::PrepareOptions out;
  out.pages = pages;
  out.content_type = type;
  const bool open = access == Access::open;
  out.cache_control = open ? "public, max-age=0, must-revalidate" : "private, no-store";
  out.vary = open ? "Accept, Accept-Encoding" : "Accept, Accept-Encoding, Authorization";
  return out;
}

Result<CachedPackage> prepare(const PackageSnapshot& snapshot, const std::string& public_url,
                              const std::shared_ptr<http::PageStore>& pages) {
  CachedPackage out;
  out.access = snapshot.access();
  out.revision = snapshot.package.revision;
  const Access access = snapshot.package.access;
  out.full =
      http::prepare(full_packument(snapshot, public_url), options(kPlainType, access, pages));
  out.abbreviated = http::prepare(abbreviated_packument(snapshot, public_url),
                                  options(kAbbreviatedType, access, pages));
  for (const PackumentVersion& version : snapshot.versions) {
    if (version.state != VersionState::published) continue;
    out.tarballs.push_back({version.version, version.sha512, version.size});
  }
  std::ranges::sort(out.tarballs, std::less<>(), &TarballRef::version);
  return out;
}

// A tarball's bytes never change, so clients and proxies may keep them for ever. Not gzip: the
// payload is compressed already, and clients check its hash.
Result<std::shared_ptr<const http::Prepared>> open_tarball(blobs::Store& blobs,
                                                           const std::string& sha512, bool open) {
  auto blob = blobs.open(sha512);
  if (!blob) return pass_on(blob);
  http::PrepareOptions out;
  out.content_type = "application/octet-stream";
  out.cache_control =
      open ? "public, max-age=31536000, immutable" : "private, max-age=31536000, immutable";
  out.extra = {{"accept-ranges", "none"}};
  return http::prepare_file({std::move(blob->descriptor), 0, blob->size},
                            '"' + sha512.substr(0, 64) + '"', out);
}

}  // namespace

PackageReader::PackageReader(db::Database& database, blobs::Store& blobs, PackumentCache& cache,
                             std::string public_url, std::size_t open_tarballs)
    : database_(database),
      blobs_(blobs),
      cache_(cache),
      open_tarballs_(open_tarballs),
      public_url_(std::move(public_url)) {}

Result<std::shared_ptr<const CachedPackage>> PackageReader::package(const PackageName& name,
                                                                    const Caller& caller) const {
  auto found = cache_.get(name.text(), [&]() -> Result<CachedPackage> {
    Result<PackageSnapshot> snapshot =
        database_.read([&](db::Session& session) -> Result<PackageSnapshot> {
          std::optional<PackageSnapshot> loaded = load_snapshot(session, name.text());
          // A package that only has staged versions is not there yet.
          if (!loaded || (!loaded->has_published() && !loaded->package.unpublished_at)) {
            return not_found(name);
          }
          return std::move(*loaded);
        });
    if (!snapshot) return pass_on(snapshot);
    return prepare(*snapshot, public_url_, pages_);
  });
  if (found && !may_read(caller, (*found)->access)) return not_found(name);
  return found;
}

Result<std::string> PackageReader::manifest(const PackageName& name,
                                            std::string_view version_or_tag,
                                            const Caller& caller) const {
  return database_.read([&](db::Session& session) -> Result<std::string> {
    const std::optional<Package> package = find_package(session, name.text());
    if (!package || !may_read(caller, access_of(session, *package))) return not_found(name);
    std::optional<VersionRecord> record = find_version(session, package->id, version_or_tag);
    if (!record) {
      const auto tags = dist_tags_of(session, package->id);
      if (const auto tag = tags.find(std::string(version_or_tag)); tag != tags.end()) {
        record = find_version(session, package->id, tag->second);
      }
    }
    if (!record || record->state != VersionState::published) {
      // A name that is only reserved by a staged release is not told to anybody.
      if (dist_tags_of(session, package->id).empty() && !package->unpublished_at) {
        return not_found(name);
      }
      return refuse(PackageRefusal::version_not_found,
                    fmt::format("\"{}\" has no version or dist-tag of that name.", name.text()));
    }
    PackumentVersion version;
    version.version = record->version;
    version.manifest = std::move(record->manifest);
    version.dist = std::move(record->dist);
    version.deprecated = std::move(record->deprecated);
    return full_manifest(name, version, public_url_);
  });
}

Result<std::shared_ptr<const http::Prepared>> PackageReader::tarball(const PackageName& name,
                                                                     std::string_view file,
                                                                     const Caller& caller) const {
  const auto found = package(name, caller);
  if (!found) return pass_on(found);
  const std::optional<std::string_view> version = name.version_of_tarball(file);
  const TarballRef* tarball = version ? (*found)->tarball(*version) : nullptr;
  if (tarball == nullptr) {
    return refuse(PackageRefusal::version_not_found,
                  fmt::format("\"{}\" has no tarball of that name.", name.text()));
  }
  const bool open = (*found)->anonymous();
  if (open) {
    if (auto kept = open_tarballs_.find(tarball->sha512)) return kept;
  }
  auto opened = open_tarball(blobs_, tarball->sha512, open);
  if (opened && open) open_tarballs_.keep(tarball->sha512, *opened);
  return opened;
}

std::shared_ptr<const http::Prepared> PackageReader::hot(const http::Request& request) const {
  if (request.method != http::Method::get && request.method != http::Method::head) return nullptr;
  const std::string_view query = request.query_string();
  if (!query.empty() && query != "write=true") return nullptr;
  std::array<char, 520> buffer;
  const ReadPath path = read_path(request.path(), buffer);
  if (path.name.empty()) return nullptr;
  const std::shared_ptr<const CachedPackage> package = cache_.find(path.name);
  if (!package || !package->anonymous()) return nullptr;
  if (path.file.empty()) return representation(*package, request);
  const std::optional<std::string_view> version = version_of_tarball(path.name, path.file);
  const TarballRef* tarball = version ? package->tarball(*version) : nullptr;
  return tarball != nullptr ? open_tarballs_.find(tarball->sha512) : nullptr;
}

const std::shared_ptr<const http::Prepared>& PackageReader::representation(
    const CachedPackage& package, const http::Request& request) {
  const bool full =
      request.query_string().contains("write=true") || !wants_abbreviated(request.header("accept"));
  return full ? package.full : package.abbreviated;
}

}  // namespace imp::registry
