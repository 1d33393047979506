#include "registry/publish/unpublish.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "registry/packages/refusal.h"
#include "registry/packages/semver.h"
#include "registry/packages/version_store.h"
#include "registry/publish/refusal.h"
#include "registry/publish/revision.h"

namespace imp::registry {
namespace {

std::vector<std::string> published(db::Session& session, const Package& package) {
  std::vector<std::string> out;
  for (const VersionLine& line : versions_of(session, package.id)) {
    if (line.state == VersionState::published) out.push_back(line.version);
  }
  return out;
}

// Any stable version is better than any prerelease; then the higher is better.
bool better_latest(const std::string& a, const std::string& b) {
  const auto left = SemVer::parse(a).value_or(SemVer{});
  const auto right = SemVer::parse(b).value_or(SemVer{});
  if (left.is_prerelease() != right.is_prerelease()) return !left.is_prerelease();
  return compare(left, right) > 0;
}

void repair_tags(db::Session& session, const Package& package,
                 const std::vector<std::string>& remaining) {
  for (const auto& [tag, version] : dist_tags_of(session, package.id)) {
    if (std::ranges::find(remaining, version) != remaining.end()) continue;
    erase_dist_tag(session, package.id, tag);
    if (tag != "latest" || remaining.empty()) continue;
    write_dist_tag(session, package.id, tag, *std::ranges::min_element(remaining, better_latest));
  }
}

Changed burn(db::Session& session, Package package, const std::vector<std::string>& versions,
             Time now) {
  std::vector<std::string> remaining = published(session, package);
  boost::json::array burnt;
  for (const std::string& version : versions) {
    if (std::erase(remaining, version) == 0) continue;
    burn_version(session, package.id, version);
    burnt.emplace_back(version);
  }
  if (burnt.empty()) return {std::move(package), false};
  repair_tags(session, package, remaining);
  if (remaining.empty()) write_unpublished(session, package, now);
  touch(session, package, now);
  return {std::move(package), true, {{"versions", std::move(burnt)}}};
}

}  // namespace

Result<Changed> unpublish_versions(db::Session& session, const PackageName& name,
                                   const std::vector<std::string>& versions, const Caller& caller,
                                   Time now) {
  Result<Package> package = open_for_change(session, name, caller, ChangeOf::versions);
  if (!package) return pass_on(package);
  return burn(session, std::move(*package), versions, now);
}

Result<Changed> unpublish_all(db::Session& session, const PackageName& name, std::string_view rev,
                              const Caller& caller, Time now) {
  Result<Package> package = open_for_change(session, name, caller, ChangeOf::versions);
  if (!package) return pass_on(package);
  const std::vector<std::string> versions = published(session, *package);
  if (versions.empty()) return Changed{std::move(*package), false};
  if (rev != couch_rev(*package)) return stale(name);
  return burn(session, std::move(*package), versions, now);
}

Result<Changed> confirm_tarball_gone(db::Session& session, const PackageName& name,
                                     std::string_view file, const Caller& caller) {
  Result<Package> package = open_for_change(session, name, caller, ChangeOf::versions);
  if (!package) return pass_on(package);
  const auto version = name.version_of_tarball(file);
  const auto record =
      version ? find_version(session, package->id, *version) : std::optional<VersionRecord>();
  if (!record) {
    return refuse(PackageRefusal::version_not_found,
                  fmt::format("\"{}\" has no tarball of that name.", name.text()));
  }
  if (record->state != VersionState::unpublished) {
    return refuse(PublishRefusal::unexpected_change,
                  fmt::format("{} of \"{}\" is still published: its tarball goes with the version. "
                              "Use npm unpublish.",
                              record->version, name.text()));
  }
  return Changed{std::move(*package), false};
}

}  // namespace imp::registry
