#include "registry/packages/store.h"

#include <algorithm>

#include "base/uuid.h"
#include "registry/packages/sql_value.h"
#include "registry/packages/version_store.h"

namespace imp::registry {
namespace {

using db::Row;
using db::Value;

constexpr std::string_view kSelectPackage =
    "SELECT id, name, owner, access, created, modified, revision, unpublished_at FROM package ";

Package package_from(const Row& row) {
  Package out;
  out.id = row.text(0);
  out.name = row.text(1);
  out.owner = row.maybe_text(2);
  // An unreadable word hides the package rather than showing it.
  out.access = access_from(row.text(3)).value_or(Access::restricted);
  out.created = from_milliseconds(row.integer(4));
  out.modified = from_milliseconds(row.integer(5));
  out.revision = row.integer(6);
  if (const auto when = row.maybe_integer(7)) out.unpublished_at = from_milliseconds(*when);
  return out;
}

}  // namespace

std::optional<Package> find_package(db::Session& session, std::string_view name) {
  const auto row = session.row(std::string(kSelectPackage) + "WHERE name = :p1", {sql_text(name)});
  if (!row) return std::nullopt;
  return package_from(*row);
}

std::optional<Package> find_package_by_id(db::Session& session, std::string_view id) {
  const auto row = session.row(std::string(kSelectPackage) + "WHERE id = :p1", {sql_text(id)});
  if (!row) return std::nullopt;
  return package_from(*row);
}

Package create_package(db::Session& session, const PackageName& name,
                       const std::optional<std::string>& owner, Access access, Time now) {
  Package out{new_ordered_uuid(now), name.text(), owner, access, now, now, 1, std::nullopt};
  session.run(
      "INSERT INTO package (id, name, owner, access, created, modified, revision) "
      "VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7)",
      {out.id, out.name, sql_optional(owner), sql_text(registry::name(access)),
       to_milliseconds(now), to_milliseconds(now), out.revision});
  return out;
}

void touch(db::Session& session, Package& package, Time now) {
  package.revision += 1;
  package.modified = std::max(package.modified, now);
  session.run("UPDATE package SET revision = :p1, modified = :p2 WHERE id = :p3",
              {package.revision, to_milliseconds(package.modified), package.id});
}

void write_access(db::Session& session, Package& package, Access access) {
  package.access = access;
  session.run("UPDATE package SET access = :p1 WHERE id = :p2",
              {sql_text(registry::name(access)), package.id});
}

void write_unpublished(db::Session& session, Package& package, std::optional<Time> when) {
  package.unpublished_at = when;
  session.run("UPDATE package SET unpublished_at = :p1 WHERE id = :p2",
              {when ? Value(to_milliseconds(*when)) : Value(std::monostate()), package.id});
}

PackageAccess access_of(db::Session& session, const Package& package) {
  PackageAccess out{package.name, package.owner, package.access, {}};
  for (const Person& person : maintainers_of(session, package.id)) {
    out.maintainers.push_back(person.name);
  }
  return out;
}

std::vector<Person> maintainers_of(db::Session& session, std::string_view package_id) {
  std::vector<Person> out;
  for (const Row& row : session.rows(
           "SELECT person, email FROM package_maintainer WHERE package_id = :p1 ORDER BY place",
           {sql_text(package_id)})) {
    out.push_back({row.text(0), row.text(1)});
  }
  return out;
}

void write_maintainers(db::Session& session, std::string_view package_id,
                       const std::vector<Person>& maintainers, Time since) {
  std::map<std::string, std::int64_t> known;
  for (const Row& row :
       session.rows("SELECT person, since FROM package_maintainer WHERE package_id = :p1",
                    {sql_text(package_id)})) {
    known[row.text(0)] = row.integer(1);
  }
  session.run("DELETE FROM package_maintainer WHERE package_id = :p1", {sql_text(package_id)});
  std::int64_t place = 0;
  for (const Person& person : maintainers) {
    const auto before = known.find(person.name);
    session.run(
        "INSERT INTO package_maintainer (package_id, person, email, place, since) "
        "VALUES (:p1, :p2, :p3, :p4, :p5) ON CONFLICT DO NOTHING",
        {sql_text(package_id), person.name, person.email, place++,
         before == known.end() ? to_milliseconds(since) : before->second});
  }
}

bool maintained_since(db::Session& session, std::string_view package_id, Time then) {
  return session
      .row("SELECT 1 FROM package_maintainer WHERE package_id = :p1 AND since <= :p2 LIMIT 1",
           {sql_text(package_id), to_milliseconds(then)})
      .has_value();
}

std::map<std::string, std::string> dist_tags_of(db::Session& session, std::string_view package_id) {
  std::map<std::string, std::string> out;
  for (const Row& row : session.rows("SELECT tag, version FROM package_tag WHERE package_id = :p1",
                                     {sql_text(package_id)})) {
    out[row.text(0)] = row.text(1);
  }
  return out;
}

void write_dist_tag(db::Session& session, std::string_view package_id, std::string_view tag,
                    std::string_view version) {
  session.run(
      "INSERT INTO package_tag (package_id, tag, version) VALUES (:p1, :p2, :p3) "
      "ON CONFLICT (package_id, tag) DO UPDATE SET version = excluded.version",
      {sql_text(package_id), sql_text(tag), sql_text(version)});
}

void erase_dist_tag(db::Session& session, std::string_view package_id, std::string_view tag) {
  session.run("DELETE FROM package_tag WHERE package_id = :p1 AND tag = :p2",
              {sql_text(package_id), sql_text(tag)});
}

std::optional<PackageSnapshot> load_snapshot(db::Session& session, std::string_view name) {
  std::optional<Package> package = find_package(session, name);
  if (!package) return std::nullopt;
  PackageSnapshot out;
  out.package = std::move(*package);
  out.dist_tags = dist_tags_of(session, out.package.id);
  out.maintainers = maintainers_of(session, out.package.id);
  for (const Row& row : session.rows(
           "SELECT version, state, published_at, manifest, abbreviated, dist, deprecated, sha512, "
           "size FROM package_version WHERE package_id = :p1 AND state <> 'staged' "
           "ORDER BY published_at, version",
           {out.package.id})) {
    PackumentVersion version;
    version.version = row.text(0);
    version.state = version_state_from(row.text(1));
    version.published_at = from_milliseconds(row.integer(2));
    version.manifest = row.text(3);
    version.abbreviated = row.text(4);
    version.dist = row.text(5);
    version.deprecated = row.maybe_text(6);
    version.sha512 = row.text(7);
    version.size = static_cast<std::uint64_t>(row.integer(8));
    out.versions.push_back(std::move(version));
  }
  const auto latest = out.dist_tags.find("latest");
  if (latest == out.dist_tags.end()) return out;
  if (const auto row = session.row("SELECT hoisted, readme, readme_filename FROM package_version "
                                   "WHERE package_id = :p1 AND version = :p2",
                                   {out.package.id, latest->second})) {
    out.hoisted = row->text(0);
    out.readme = row->text(1);
    out.readme_filename = row->text(2);
  }
  return out;
}

}  // namespace imp::registry
