#include "registry/packages/version_store.h"

#include <fmt/format.h>

#include "registry/packages/sql_value.h"

namespace imp::registry {
namespace {

using db::Row;
using db::Value;

Value integer(std::uint64_t value) { return static_cast<std::int64_t>(value); }
Value flag(bool value) { return static_cast<std::int64_t>(value ? 1 : 0); }

constexpr std::string_view kColumns =
    "package_id, version, state, published_at, manifest, abbreviated, dist, hoisted, readme, "
    "readme_filename, npm_user, provenance, sha512, shasum, integrity, size, file_count, "
    "unpacked_size, has_install_script, has_shrinkwrap, deprecated, stage_id";

std::vector<Value> values(const VersionRecord& record) {
  const TarballFacts& tarball = record.tarball;
  return {record.package_id,
          record.version,
          sql_text(name(record.state)),
          to_milliseconds(record.published_at),
          record.manifest,
          record.abbreviated,
          record.dist,
          record.hoisted,
          record.readme,
          record.readme_filename,
          record.npm_user,
          record.provenance,
          tarball.sha512,
          tarball.shasum,
          tarball.integrity,
          integer(tarball.size),
          integer(tarball.file_count),
          integer(tarball.unpacked_size),
          flag(tarball.has_install_script),
          flag(tarball.has_shrinkwrap),
          sql_optional(record.deprecated),
          record.stage_id};
}

std::string insert_statement(std::string_view on_conflict = {}) {
  return fmt::format(
      "INSERT INTO package_version ({}) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, "
      ":p10, :p11, :p12, :p13, :p14, :p15, :p16, :p17, :p18, :p19, :p20, :p21, :p22) {}",
      kColumns, on_conflict);
}

VersionRecord empty_record(std::string_view package_id, std::string_view version) {
  VersionRecord record;
  record.package_id = package_id;
  record.version = version;
  return record;
}

}  // namespace

std::string_view name(VersionState state) {
  switch (state) {
    case VersionState::published:
      return "published";
    case VersionState::unpublished:
      return "unpublished";
    case VersionState::staged:
      return "staged";
  }
  return "unpublished";
}

VersionState version_state_from(std::string_view word) {
  if (word == "published") return VersionState::published;
  if (word == "staged") return VersionState::staged;
  return VersionState::unpublished;
}

std::optional<VersionRecord> find_version(db::Session& session, std::string_view package_id,
                                          std::string_view version) {
  static const std::string select = fmt::format(
      "SELECT {} FROM package_version WHERE package_id = :p1 AND version = :p2", kColumns);
  const auto row = session.row(select, {sql_text(package_id), sql_text(version)});
  if (!row) return std::nullopt;
  VersionRecord out;
  out.package_id = row->text(0);
  out.version = row->text(1);
  out.state = version_state_from(row->text(2));
  out.published_at = from_milliseconds(row->integer(3));
  out.manifest = row->text(4);
  out.abbreviated = row->text(5);
  out.dist = row->text(6);
  out.hoisted = row->text(7);
  out.readme = row->text(8);
  out.readme_filename = row->text(9);
  out.npm_user = row->text(10);
  out.provenance = row->text(11);
  out.tarball.sha512 = row->text(12);
  out.tarball.shasum = row->text(13);
  out.tarball.integrity = row->text(14);
  out.tarball.size = static_cast<std::uint64_t>(row->integer(15));
  out.tarball.file_count = static_cast<std::uint64_t>(row->integer(16));
  out.tarball.unpacked_size = static_cast<std::uint64_t>(row->integer(17));
  out.tarball.has_install_script = row->flag(18);
  out.tarball.has_shrinkwrap = row->flag(19);
  out.deprecated = row->maybe_text(20);
  out.stage_id = row->text(21);
  return out;
}

std::vector<VersionLine> versions_of(db::Session& session, std::string_view package_id) {
  std::vector<VersionLine> out;
  for (const Row& row : session.rows(
           "SELECT version, state, published_at, deprecated, npm_user, size FROM package_version "
           "WHERE package_id = :p1 ORDER BY published_at, version",
           {sql_text(package_id)})) {
    out.push_back({row.text(0), version_state_from(row.text(1)), from_milliseconds(row.integer(2)),
                   row.maybe_text(3), row.text(4), static_cast<std::uint64_t>(row.integer(5))});
  }
  return out;
}

bool insert_version(db::Session& session, const VersionRecord& record) {
  static const std::string insert = insert_statement("ON CONFLICT DO NOTHING");
  return session.insert_if_absent(insert, values(record));
}

void replace_version(db::Session& session, const VersionRecord& record) {
  session.run("DELETE FROM package_version WHERE package_id = :p1 AND version = :p2",
              {record.package_id, record.version});
  static const std::string insert = insert_statement();
  session.run(insert, values(record));
}

void burn_version(db::Session& session, std::string_view package_id, std::string_view version) {
  const auto row = session.row(
      "SELECT published_at FROM package_version WHERE package_id = :p1 AND version = :p2",
      {sql_text(package_id), sql_text(version)});
  if (!row) return;
  VersionRecord burnt = empty_record(package_id, version);
  burnt.state = VersionState::unpublished;
  burnt.published_at = from_milliseconds(row->integer(0));
  replace_version(session, burnt);
}

void write_deprecated(db::Session& session, std::string_view package_id, std::string_view version,
                      const std::optional<std::string>& message) {
  session.run(
      "UPDATE package_version SET deprecated = :p1 WHERE package_id = :p2 AND version = :p3",
      {sql_optional(message), sql_text(package_id), sql_text(version)});
}

bool reserve_version(db::Session& session, std::string_view package_id, std::string_view version,
                     std::string_view stage_id, Time now) {
  VersionRecord reserved = empty_record(package_id, version);
  reserved.state = VersionState::staged;
  reserved.stage_id = stage_id;
  reserved.published_at = now;
  return insert_version(session, reserved);
}

void release_version(db::Session& session, std::string_view package_id, std::string_view version,
                     std::string_view stage_id) {
  session.run(
      "DELETE FROM package_version WHERE package_id = :p1 AND version = :p2 AND "
      "state = 'staged' AND stage_id = :p3",
      {sql_text(package_id), sql_text(version), sql_text(stage_id)});
}

bool tarball_in_use(db::Session& session, std::string_view sha512) {
  return session.row("SELECT 1 FROM package_version WHERE sha512 = :p1 LIMIT 1", {sql_text(sha512)})
      .has_value();
}

}  // namespace imp::registry
