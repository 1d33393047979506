#include "registry/publish/commit.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "registry/brakes/freeze.h"
#include "registry/packages/refusal.h"
#include "registry/packages/version_store.h"
#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

std::unexpected<Failure> not_there(const PackageName& name) {
  return refuse(PackageRefusal::package_not_found,
                fmt::format("There is no package \"{}\" here.", name.text()));
}

// The package to publish to, if the caller may: found, or nothing when it is to be created.
Result<std::optional<Package>> open_package(db::Session& session, const PackageName& name,
                                            const PublishOrder& order, Time now) {
  if (order.caller.anonymous()) {
    return refuse(PackageRefusal::not_signed_in,
                  "Publishing needs a credential: run npm login, or set up trusted publishing.");
  }
  std::optional<Package> package = find_package(session, name.text());
  if (package) {
    const PackageAccess access = access_of(session, *package);
    if (!may_read(order.caller, access)) return not_there(name);
    if (!may_write(order.caller, access)) {
      return refuse(PublishRefusal::not_permitted,
                    fmt::format("You do not have permission to publish \"{}\". Are you logged in "
                                "as the correct user?",
                                name.text()));
    }
    if (package->unpublished_at && now < *package->unpublished_at + kRepublishDelay) {
      return refuse(
          PublishRefusal::recently_unpublished,
          fmt::format("{} cannot be republished until 24 hours have passed.", name.text()));
    }
    if (const auto open = not_frozen(session, name); !open) return pass_on(open);
    return package;
  }
  if (const Result<PackageName> fit = PackageName::for_new(name.text()); !fit) return pass_on(fit);
  if (!order.may_create) return not_there(name);
  if (!may_create(order.caller, name, order.scope_owner)) {
    return refuse(PackageRefusal::scope_not_permitted,
                  fmt::format("You may not create packages in the scope @{}: it is for the members "
                              "of that organisation, or for the person of that name.",
                              name.scope()));
  }
  if (const auto open = not_frozen(session, name); !open) return pass_on(open);
  return std::nullopt;
}

// A publish under a trusted identity or by a person; the approver does not make it another's.
bool same_publisher(std::string_view stored_npm_user, const Publisher& publisher) {
  Publisher plain = publisher;
  plain.approver.reset();
  json::error_code error;
  json::value stored =
      json::parse(json::string_view(stored_npm_user.data(), stored_npm_user.size()), error);
  if (error || !stored.is_object()) return false;
  stored.get_object().erase("approver");
  return stored.get_object() == npm_user(plain);
}

// Whether the number is free, or is what this order already holds.
enum class Slot { free, reserved, repeated };

// The same publish again: its tag still points at it, or at what was published after it.
bool is_repeated(db::Session& session, const VersionRecord& record,
                 const PublishCandidate& candidate, const PublishOrder& order, Time now) {
  if (!order.may_be_retry || record.tarball.sha512 != candidate.tarball.sha512 ||
      record.stage_id != order.stage_id || now - record.published_at > kRetryWindow ||
      !same_publisher(record.npm_user, order.publisher)) {
    return false;
  }
  const auto tags = dist_tags_of(session, record.package_id);
  const auto tag = tags.find(candidate.tag);
  if (tag == tags.end()) return false;
  if (tag->second == candidate.version) return true;
  const auto newer = find_version(session, record.package_id, tag->second);
  return newer && newer->published_at > record.published_at;
}

Result<Slot> look_at_slot(db::Session& session, const Package& package,
                          const PublishCandidate& candidate, const PublishOrder& order, Time now) {
  const std::optional<VersionRecord> record = find_version(session, package.id, candidate.version);
  if (!record) return Slot::free;
  switch (record->state) {
    case VersionState::published:
      if (is_repeated(session, *record, candidate, order, now)) return Slot::repeated;
      return refuse(PublishRefusal::already_published,
                    fmt::format("You cannot publish over the previously published versions: {}.",
                                candidate.version));
    case VersionState::unpublished:
      return refuse(PublishRefusal::version_unpublished,
                    fmt::format("You cannot publish over the previously published versions: {}. It "
                                "was unpublished, and a version number is never used again.",
                                candidate.version));
    case VersionState::staged:
      if (!order.stage_id.empty() && record->stage_id == order.stage_id) return Slot::reserved;
      return refuse(PublishRefusal::version_staged,
                    fmt::format("Cannot publish over previously staged version \"{}\". Approve or "
                                "reject it first.",
                                candidate.version));
  }
  return refuse(PublishRefusal::already_published, "This version cannot be published.");
}

VersionRecord record_of(const PublishCandidate& candidate, const PublishOrder& order,
                        const Package& package, const std::vector<Person>& maintainers,
                        const RegistryKey& key, Time now) {
  VersionRecord out;
  out.package_id = package.id;
  out.version = candidate.version;
  out.state = VersionState::published;
  out.published_at = now;
  json::object manifest = candidate.clean.manifest;
  out.abbreviated = json::serialize(abbreviate(manifest, candidate.tarball));
  out.hoisted = json::serialize(hoisted(manifest));
  out.npm_user = json::serialize(npm_user(order.publisher));
  manifest["_npmUser"] = npm_user(order.publisher);
  manifest["maintainers"] = people(maintainers);
  if (candidate.tarball.has_shrinkwrap) manifest["_hasShrinkwrap"] = true;
  out.manifest = json::serialize(manifest);
  const TarballFacts& tarball = candidate.tarball;
  out.dist = json::serialize(
      dist(tarball, key.sign(candidate.name, candidate.version, tarball.integrity)));
  out.readme = candidate.clean.readme;
  out.readme_filename = candidate.clean.readme_filename;
  out.provenance = candidate.provenance;
  out.tarball = tarball;
  out.stage_id = order.stage_id;
  return out;
}

Result<Package> create(db::Session& session, const PackageName& name,
                       const PublishCandidate& candidate, const PublishOrder& order, Time now) {
  std::vector<Person> maintainers = order.first_maintainers;
  if (maintainers.empty() && !order.caller.only_package) maintainers = {order.publisher.person};
  const std::optional<std::string> owner = name.scoped() ? order.scope_owner : std::nullopt;
  if (maintainers.empty() && !owner) {
    return refuse(PublishRefusal::not_permitted,
                  fmt::format("\"{}\" is new and would belong to nobody: publish its first version "
                              "as a person.",
                              name.text()));
  }
  Package package =
      create_package(session, name, owner, candidate.access.value_or(Access::open), now);
  write_maintainers(session, package.id, maintainers);
  if (order.on_created) order.on_created(session, package);
  return package;
}

// What the switches of the package and its scope say of this way of publishing.
Result<void> allowed_by_switches(db::Session& session, const Package& package,
                                 const PublishOrder& order, bool staged, Time now) {
  return switches_allow(session, package.name, package.id, package.owner,
                        {.trusted = order.publisher.trusted.has_value(),
                         .staged = staged,
                         .factor_given = order.factor_given},
                        now);
}

// Whether publishing also changes who can read the package, and may.
Result<bool> changes_access(db::Session& session, const Package& package,
                            const PublishCandidate& candidate, const PublishOrder& order) {
  if (!candidate.access || *candidate.access == package.access) return false;
  if (order.may_change_access && may_administer(order.caller, access_of(session, package))) {
    return true;
  }
  return refuse(PublishRefusal::not_permitted,
                fmt::format("\"{}\" is {}, and this credential may not make it {}. Publish without "
                            "--access and without publishConfig.access.",
                            package.name, name(package.access), name(*candidate.access)));
}

Result<Package> open_or_create(db::Session& session, const PackageName& name,
                               const PublishCandidate& candidate, const PublishOrder& order,
                               Time now, bool& created) {
  Result<std::optional<Package>> opened = open_package(session, name, order, now);
  if (!opened) return pass_on(opened);
  created = !opened->has_value();
  if (created) return create(session, name, candidate, order, now);
  return std::move(**opened);
}

}  // namespace

Result<void> may_publish(db::Session& session, const PackageName& name, const PublishOrder& order,
                         Time now) {
  const auto opened = open_package(session, name, order, now);
  if (!opened) return pass_on(opened);
  return {};
}

bool is_repetition(db::Session& session, const PublishCandidate& candidate,
                   const PublishOrder& order, Time now) {
  const auto package = find_package(session, candidate.name);
  const auto record = package ? find_version(session, package->id, candidate.version)
                              : std::optional<VersionRecord>();
  return record && record->state == VersionState::published &&
         is_repeated(session, *record, candidate, order, now);
}

Result<Published> publish(db::Session& session, const PublishCandidate& candidate,
                          const PublishOrder& order, const RegistryKey& key, Time now) {
  const PackageName name = candidate.package();
  Published out;
  Result<Package> opened = open_or_create(session, name, candidate, order, now, out.created);
  if (!opened) return pass_on(opened);
  out.package = std::move(*opened);
  const bool staged = !order.stage_id.empty();
  if (const auto allowed = allowed_by_switches(session, out.package, order, staged, now);
      !allowed) {
    return pass_on(allowed);
  }

  // A package that is new has no versions.
  const Result<Slot> slot =
      out.created ? Slot::free : look_at_slot(session, out.package, candidate, order, now);
  if (!slot) return pass_on(slot);
  if (*slot == Slot::repeated) {
    out.repeated = true;
    return out;
  }
  const Result<bool> new_access = changes_access(session, out.package, candidate, order);
  if (!new_access) return pass_on(new_access);
  if (*new_access) write_access(session, out.package, *candidate.access);
  const std::vector<Person> maintainers = maintainers_of(session, out.package.id);
  const VersionRecord record = record_of(candidate, order, out.package, maintainers, key, now);
  if (*slot == Slot::reserved) {
    replace_version(session, record);
  } else if (!insert_version(session, record)) {
    return refuse(PublishRefusal::already_published,
                  fmt::format("You cannot publish over the previously published versions: {}.",
                              candidate.version));
  }
  write_dist_tag(session, out.package.id, candidate.tag, candidate.version);
  if (candidate.tag != "latest" && !dist_tags_of(session, out.package.id).contains("latest")) {
    write_dist_tag(session, out.package.id, "latest", candidate.version);
  }
  if (out.package.unpublished_at) write_unpublished(session, out.package, std::nullopt);
  touch(session, out.package, now);
  return out;
}

Result<Package> stage(db::Session& session, const PublishCandidate& candidate,
                      const PublishOrder& order, Time now) {
  const PackageName name = candidate.package();
  bool created = false;
  Result<Package> package = open_or_create(session, name, candidate, order, now, created);
  if (!package) return package;
  if (const auto allowed = allowed_by_switches(session, *package, order, true, now); !allowed) {
    return pass_on(allowed);
  }
  if (const auto allowed = changes_access(session, *package, candidate, order); !allowed) {
    return pass_on(allowed);
  }
  if (reserve_version(session, package->id, candidate.version, order.stage_id, now)) return package;
  const auto taken = find_version(session, package->id, candidate.version);
  if (taken && taken->state == VersionState::staged) {
    // npm's words, which clients look for, do not tell the two apart.
    return refuse(PublishRefusal::version_staged,
                  fmt::format("Cannot stage previously published version \"{}\". It is staged "
                              "already: approve or reject that first.",
                              candidate.version));
  }
  return refuse(PublishRefusal::already_published,
                fmt::format("You cannot publish over the previously published versions: {}.",
                            candidate.version));
}

void unstage(db::Session& session, std::string_view package_name, std::string_view version,
             std::string_view stage_id) {
  if (const auto package = find_package(session, package_name)) {
    release_version(session, package->id, version, stage_id);
  }
}

}  // namespace imp::registry
