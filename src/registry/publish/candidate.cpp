#include "registry/publish/candidate.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/clean_text.h"
#include "base/encoding.h"
#include "registry/packages/dist_tag.h"
#include "registry/packages/semver.h"
#include "registry/publish/manifest_consistency.h"
#include "registry/publish/provenance_attachment.h"
#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

namespace json = boost::json;

constexpr std::size_t kManifestLimit = 1024 * 1024;

std::unexpected<Failure> missing(std::string_view field) {
  return refuse(PublishRefusal::missing_field,
                fmt::format("The publish document has no {}.", field));
}

// A required string member; `where` is how a message calls it.
Result<std::string> text(const json::object& object, std::string_view key, std::string_view where) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return missing(where);
  if (!value->is_string()) {
    return refuse(PublishRefusal::bad_field, fmt::format("{} must be a string.", where));
  }
  return std::string(value->get_string());
}

Result<const json::object*> object(const json::object& parent, std::string_view key,
                                   std::string_view where) {
  const json::value* value = parent.if_contains(key);
  if (value == nullptr || value->is_null()) return missing(where);
  if (!value->is_object()) {
    return refuse(PublishRefusal::bad_field, fmt::format("{} must be an object.", where));
  }
  return &value->get_object();
}

Result<void> same_name(const Result<std::string>& found, std::string_view expected,
                       std::string_view where) {
  if (!found) return pass_on(found);
  if (*found == expected) return {};
  return refuse(PublishRefusal::name_mismatch,
                fmt::format("{} is \"{}\", but the document was sent for \"{}\".", where,
                            clean_text(*found, 220), expected));
}

struct Sent {
  std::string version;
  const json::object* manifest;
};

Result<Sent> the_one_version(const json::object& metadata, const PackageName& name) {
  const auto versions = object(metadata, "versions", "\"versions\"");
  if (!versions) return pass_on(versions);
  if ((*versions)->size() != 1) {
    return refuse(PublishRefusal::version_mismatch,
                  fmt::format("A publish has exactly one version; \"versions\" has {}.",
                              (*versions)->size()));
  }
  const auto& [key, value] = *(*versions)->begin();
  const std::string version(key);
  if (!is_canonical_version(version)) {
    return refuse(PublishRefusal::not_canonical_version,
                  fmt::format("\"{}\" is not a version in the form MAJOR.MINOR.PATCH[-PRERELEASE] "
                              "of semantic versioning, without build metadata.",
                              clean_text(version, 260)));
  }
  if (!value.is_object()) {
    return refuse(PublishRefusal::bad_field,
                  fmt::format("versions[\"{}\"] must be an object.", version));
  }
  const json::object& manifest = value.get_object();
  const std::string where = fmt::format("versions[\"{}\"]", version);
  const auto named = text(manifest, "version", where + ".version");
  if (!named) return pass_on(named);
  if (*named != version) {
    return refuse(PublishRefusal::version_mismatch,
                  fmt::format("{}.version is \"{}\".", where, clean_text(*named, 260)));
  }
  if (auto ok = same_name(text(manifest, "name", where + ".name"), name.text(), where + ".name");
      !ok) {
    return pass_on(ok);
  }
  if (manifest.contains("_id")) {
    const auto id = text(manifest, "_id", where + "._id");
    if (auto ok = same_name(id, fmt::format("{}@{}", name.text(), version), where + "._id"); !ok) {
      return pass_on(ok);
    }
  }
  return Sent{version, &manifest};
}

Result<std::string> the_one_tag(const json::object& metadata, std::string_view version) {
  const auto tags = object(metadata, "dist-tags", "\"dist-tags\"");
  if (!tags) return pass_on(tags);
  if ((*tags)->size() != 1) {
    return refuse(
        PublishRefusal::not_one_tag,
        fmt::format("A publish has exactly one dist-tag; \"dist-tags\" has {}.", (*tags)->size()));
  }
  const auto& [key, value] = *(*tags)->begin();
  const std::string tag(key);
  if (Result<void> ok = check_dist_tag(tag); !ok) return pass_on(ok);
  if (!value.is_string() || std::string_view(value.get_string()) != version) {
    return refuse(PublishRefusal::version_mismatch,
                  fmt::format("dist-tags[\"{}\"] must be \"{}\", the version that is published.",
                              tag, version));
  }
  return tag;
}

Result<std::optional<Access>> access(const json::object& metadata, const PackageName& name) {
  const json::value* value = metadata.if_contains("access");
  if (value == nullptr || value->is_null()) return std::nullopt;
  const auto parsed =
      value->is_string() ? access_from(std::string_view(value->get_string())) : std::nullopt;
  if (!parsed) {
    return refuse(PublishRefusal::bad_field, "\"access\" must be \"public\" or \"restricted\".");
  }
  if (*parsed == Access::restricted && !name.scoped()) {
    return refuse(PublishRefusal::restricted_unscoped,
                  "Only scoped packages can be restricted: give the package a name like "
                  "@scope/name.");
  }
  return *parsed;
}

Result<void> check_tarball(const PublishDocument::Tarball& tarball, const TarballFacts& facts,
                           const json::object& manifest, const PackageName& name,
                           std::string_view version) {
  const std::string file = fmt::format("{}-{}.tgz", name.text(), version);
  if (tarball.key != file && tarball.key != name.tarball_file(version)) {
    return refuse(PublishRefusal::name_mismatch,
                  fmt::format("The tarball is attached as \"{}\"; expected \"{}\".",
                              clean_text(tarball.key, 300), file));
  }
  if (!tarball.declared_length) return missing("_attachments[…].length");
  if (*tarball.declared_length != facts.size) {
    return refuse(PublishRefusal::size_mismatch,
                  fmt::format("The tarball has {} bytes, but its attachment says {}. Was it cut "
                              "on the way?",
                              facts.size, *tarball.declared_length));
  }
  const auto dist = object(manifest, "dist", "\"dist\" in the manifest");
  if (!dist) return pass_on(dist);
  const auto shasum = text(**dist, "shasum", "dist.shasum");
  if (!shasum) return pass_on(shasum);
  if (*shasum != facts.shasum) {
    return refuse(PublishRefusal::shasum_mismatch,
                  fmt::format("dist.shasum is {}, but the tarball's SHA-1 is {}.",
                              clean_text(*shasum, 80), facts.shasum));
  }
  const auto integrity = text(**dist, "integrity", "dist.integrity");
  if (!integrity) return pass_on(integrity);
  // Of several hashes the strongest counts; npm sends the one.
  if (*integrity != facts.integrity) {
    return refuse(PublishRefusal::integrity_mismatch,
                  fmt::format("dist.integrity is {}, but the tarball's is {}.",
                              clean_text(*integrity, 200), facts.integrity));
  }
  return {};
}

TarballFacts facts_of(const PublishDocument::Tarball& tarball, const TarballContents& contents) {
  TarballFacts out;
  out.sha512 = hex(tarball.sha512);
  out.shasum = hex(tarball.sha1);
  out.integrity = "sha512-" + base64(tarball.sha512);
  out.size = tarball.size;
  out.file_count = contents.file_count;
  out.unpacked_size = contents.unpacked_size;
  out.has_shrinkwrap = contents.has_shrinkwrap;
  const json::value* scripts = contents.package_json.if_contains("scripts");
  out.has_install_script = contents.has_binding_gyp;
  if (scripts != nullptr && scripts->is_object()) {
    for (std::string_view key : {"preinstall", "install", "postinstall"}) {
      const json::value* script = scripts->get_object().if_contains(key);
      if (script != nullptr && script->is_string()) out.has_install_script = true;
    }
  }
  return out;
}

}  // namespace

PackageName PublishCandidate::package() const { return PackageName::for_read(name).value(); }

Result<PublishCandidate> make_candidate(const PackageName& addressed,
                                        const PublishDocument& document,
                                        const TarballContents& contents) {
  const json::object& metadata = document.metadata;
  if (auto ok = same_name(text(metadata, "name", "\"name\""), addressed.text(), "\"name\""); !ok) {
    return pass_on(ok);
  }
  if (metadata.contains("_id")) {
    if (auto ok = same_name(text(metadata, "_id", "\"_id\""), addressed.text(), "\"_id\""); !ok) {
      return pass_on(ok);
    }
  }
  const Result<Sent> sent = the_one_version(metadata, addressed);
  if (!sent) return pass_on(sent);
  Result<std::string> tag = the_one_tag(metadata, sent->version);
  if (!tag) return pass_on(tag);
  const auto wanted_access = access(metadata, addressed);
  if (!wanted_access) return pass_on(wanted_access);
  if (!document.tarball) return missing("tarball among its _attachments");

  PublishCandidate out;
  out.name = addressed.text();
  out.version = sent->version;
  out.tag = std::move(*tag);
  out.access = *wanted_access;
  out.tarball = facts_of(*document.tarball, contents);
  if (Result<void> ok =
          check_tarball(*document.tarball, out.tarball, *sent->manifest, addressed, out.version);
      !ok) {
    return pass_on(ok);
  }
  if (Result<void> ok = check_consistency(*sent->manifest, contents); !ok) return pass_on(ok);
  if (document.provenance) {
    if (Result<void> ok = check_provenance_attachment(*document.provenance, addressed, out.version);
        !ok) {
      return pass_on(ok);
    }
    out.provenance = document.provenance->bundle;
  }
  out.clean = clean_manifest(*sent->manifest, addressed, out.version);
  if (const std::size_t size = json::serialize(out.clean.manifest).size(); size > kManifestLimit) {
    return refuse(PublishRefusal::manifest_too_large,
                  fmt::format("The manifest has {} bytes; the limit is {}.", size, kManifestLimit));
  }
  return out;
}

}  // namespace imp::registry
