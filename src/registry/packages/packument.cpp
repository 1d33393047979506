#include "registry/packages/packument.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace imp::registry {
namespace {

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

// Writes one JSON object, member by member, from texts that are JSON already.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
  void raw(std::string_view key, std::string_view json) {
    begin(key);
    out_ += json;
  }
  void text(std::string_view key, std::string_view value) { raw(key, quoted(value)); }
  /// Leaves the value to the caller, who appends it to the same string.
  void begin(std::string_view key) {
    comma();
    out_ += quoted(key);
    out_ += ':';
  }
  /// The members of another object's text.
  void members(std::string_view object) {
    if (object.size() <= 2) return;
    comma();
    out_ += object.substr(1, object.size() - 2);
  }
  void end() { out_ += '}'; }

 private:
  void comma() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  std::string& out_;
  bool first_ = true;
};

void append_version(std::string& out, std::string_view manifest, const PackumentVersion& version,
                    std::string_view tarball_url) {
  ObjectText object(out);
  object.members(manifest);
  object.begin("dist");
  ObjectText dist(out);
  dist.text("tarball", tarball_url);
  dist.members(version.dist);
  dist.end();
  if (version.deprecated) object.text("deprecated", *version.deprecated);
  object.end();
}

void append_people(std::string& out, const std::vector<Person>& persons) {
  out += '[';
  for (std::size_t i = 0; i < persons.size(); ++i) {
    if (i > 0) out += ',';
    ObjectText person(out);
    person.text("name", persons[i].name);
    if (!persons[i].email.empty()) person.text("email", persons[i].email);
    person.end();
  }
  out += ']';
}

void append_tags(std::string& out, const std::map<std::string, std::string>& tags) {
  ObjectText object(out);
  for (const auto& [tag, version] : tags) object.text(tag, version);
  object.end();
}

void append_versions(std::string& out, const PackageSnapshot& snapshot, std::string_view public_url,
                     std::string PackumentVersion::* text) {
  const Result<PackageName> name = PackageName::for_read(snapshot.package.name);
  ObjectText versions(out);
  for (const PackumentVersion& version : snapshot.versions) {
    if (version.state != VersionState::published || !name) continue;
    versions.begin(version.version);
    append_version(out, version.*text, version,
                   fmt::format("{}{}", public_url, name->tarball_path(version.version)));
  }
  versions.end();
}

void append_unpublished(std::string& out, const PackageSnapshot& snapshot) {
  ObjectText gone(out);
  gone.text("name", snapshot.package.name);
  gone.text("time", iso8601(*snapshot.package.unpublished_at));
  gone.begin("maintainers");
  append_people(out, snapshot.maintainers);
  gone.begin("versions");
  out += '[';
  bool first = true;
  for (const PackumentVersion& version : snapshot.versions) {
    if (!std::exchange(first, false)) out += ',';
    out += quoted(version.version);
  }
  out += ']';
  gone.end();
}

void append_time(std::string& out, const PackageSnapshot& snapshot) {
  ObjectText time(out);
  time.text("created", iso8601(snapshot.package.created));
  time.text("modified", iso8601(snapshot.package.modified));
  for (const PackumentVersion& version : snapshot.versions) {
    time.text(version.version, iso8601(version.published_at));
  }
  if (snapshot.package.unpublished_at && !snapshot.has_published()) {
    time.begin("unpublished");
    append_unpublished(out, snapshot);
  }
  time.end();
}

std::size_t expected_size(const PackageSnapshot& snapshot, std::string PackumentVersion::* text) {
  std::size_t size = 4096 + snapshot.readme.size() + snapshot.readme.size() / 16;
  for (const PackumentVersion& version : snapshot.versions) {
    size += (version.*text).size() + version.dist.size() + 320;
  }
  return size;
}

}  // namespace

PackageAccess PackageSnapshot::access() const {
  PackageAccess out{package.name, package.owner, package.access, {}};
  for (const Person& person : maintainers) out.maintainers.push_back(person.name);
  return out;
}

bool PackageSnapshot::has_published() const {
  return std::ranges::any_of(
      versions, [](const auto& version) { return version.state == VersionState::published; });
}

const PackumentVersion* PackageSnapshot::find(std::string_view version) const {
  const auto found = std::ranges::find_if(versions, [&](const PackumentVersion& one) {
    return one.version == version && one.state == VersionState::published;
  });
  return found == versions.end() ? nullptr : &*found;
}

std::string couch_rev(const Package& package) {
  const std::string digest =
      crypto::sha256_hex(fmt::format("{}\n{}\n{}", package.id, package.name, package.revision));
  return fmt::format("{}-{}", package.revision, std::string_view(digest).substr(0, 32));
}

std::string full_packument(const PackageSnapshot& snapshot, std::string_view public_url) {
  std::string out;
  out.reserve(expected_size(snapshot, &PackumentVersion::manifest));
  ObjectText document(out);
  document.text("_id", snapshot.package.name);
  document.text("_rev", couch_rev(snapshot.package));
  document.text("name", snapshot.package.name);
  if (snapshot.has_published()) {
    document.members(snapshot.hoisted);
    document.begin("dist-tags");
    append_tags(out, snapshot.dist_tags);
    document.begin("versions");
    append_versions(out, snapshot, public_url, &PackumentVersion::manifest);
  }
  document.begin("time");
  append_time(out, snapshot);
  document.begin("maintainers");
  append_people(out, snapshot.maintainers);
  if (snapshot.has_published()) {
    document.text("readme", snapshot.readme);
    document.text("readmeFilename", snapshot.readme_filename);
  }
  document.end();
  return out;
}

std::string abbreviated_packument(const PackageSnapshot& snapshot, std::string_view public_url) {
  std::string out;
  out.reserve(expected_size(snapshot, &PackumentVersion::abbreviated));
  ObjectText document(out);
  document.text("name", snapshot.package.name);
  document.text("modified", iso8601(snapshot.package.modified));
  document.begin("dist-tags");
  append_tags(out, snapshot.dist_tags);
  document.begin("versions");
  append_versions(out, snapshot, public_url, &PackumentVersion::abbreviated);
  // An unpublished package says so in this form too: the client shows it.
  if (snapshot.package.unpublished_at && !snapshot.has_published()) {
    document.begin("time");
    append_time(out, snapshot);
  }
  document.end();
  return out;
}

std::string full_manifest(const PackageName& name, const PackumentVersion& version,
                          std::string_view public_url) {
  std::string out;
  append_version(out, version.manifest, version,
                 fmt::format("{}{}", public_url, name.tarball_path(version.version)));
  return out;
}

}  // namespace imp::registry
