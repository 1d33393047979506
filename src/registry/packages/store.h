#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "registry/packages/packument.h"

namespace imp::registry {

/// Tables: package, package_version, package_tag, package_maintainer, registry_key, publish_switch.
std::vector<db::Migration> package_migrations();

/// Packages. Names are matched exactly.
std::optional<Package> find_package(db::Session& session, std::string_view name);
std::optional<Package> find_package_by_id(db::Session& session, std::string_view id);
/// Adds a package with revision 1 and no versions. The name must be free.
Package create_package(db::Session& session, const PackageName& name,
                       const std::optional<std::string>& owner, Access access, Time now);
/// Increases the revision and sets `modified`, here and in the row. Every change of a package ends
/// with this: caches are ordered by the revision.
void touch(db::Session& session, Package& package, Time now);
void write_access(db::Session& session, Package& package, Access access);
/// Marks all versions gone at `when`, or, with nothing, alive again.
void write_unpublished(db::Session& session, Package& package, std::optional<Time> when);

/// What may_read() and its kin judge. Loads the maintainers.
PackageAccess access_of(db::Session& session, const Package& package);
std::vector<Person> maintainers_of(db::Session& session, std::string_view package_id);
/// Replaces the maintainers. Those who are new are remembered as such `since` then; without it, as
/// there from the package's beginning.
void write_maintainers(db::Session& session, std::string_view package_id,
                       const std::vector<Person>& maintainers, Time since = {});
/// Whether any of its maintainers has been one since then, or longer, without a break.
bool maintained_since(db::Session& session, std::string_view package_id, Time then);

std::map<std::string, std::string> dist_tags_of(db::Session& session, std::string_view package_id);
void write_dist_tag(db::Session& session, std::string_view package_id, std::string_view tag,
                    std::string_view version);
void erase_dist_tag(db::Session& session, std::string_view package_id, std::string_view tag);

/// Everything that the documents of a package are made of; nothing when there is no such package.
std::optional<PackageSnapshot> load_snapshot(db::Session& session, std::string_view name);

/// One line of a list of packages.
struct PackageLine {
  std::string name;
  Access access = Access::open;
  Time modified;
  std::string latest;       ///< empty when there is no such tag
  std::string description;  ///< of `latest`
};
/// Packages with a published version whose name contains `text` (any, when it is empty), most
/// recently changed first. Restricted ones are left out unless the caller may read them.
std::vector<PackageLine> list_packages(db::Session& session, const Caller& caller,
                                       std::string_view text, std::int64_t limit,
                                       std::int64_t offset);
/// Names of the packages that a person maintains, in order of names.
std::vector<std::string> packages_maintained_by(db::Session& session, std::string_view person);
/// Names of the packages that an organisation owns, in order of names.
std::vector<std::string> packages_owned_by(db::Session& session, std::string_view organization);
/// How many these are.
std::int64_t count_owned_packages(db::Session& session, std::string_view organization);

}  // namespace imp::registry
