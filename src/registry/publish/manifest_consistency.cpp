#include "registry/publish/manifest_consistency.h"

#include <fmt/format.h>

#include <boost/json/value.hpp>
#include <map>
#include <optional>
#include <string>

#include "base/clean_text.h"
#include "registry/packages/semver.h"
#include "registry/publish/install_view.h"
#include "registry/publish/refusal.h"

namespace imp::registry {
namespace {

namespace json = boost::json;
using Table = std::map<std::string, std::string>;

std::optional<std::string> text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::unexpected<Failure> confusion(std::string_view what, std::string_view manifest,
                                   std::string_view tarball) {
  return refuse(
      PublishRefusal::manifest_confusion,
      fmt::format("{}: the published manifest says {}, the package.json in the tarball says {}. "
                  "Both must agree, because npm installs what the tarball says and shows what the "
                  "manifest says. Does a prepack or postpack script change package.json?",
                  what, manifest, tarball));
}

std::string shown(const Table& table, const std::string& key) {
  const auto found = table.find(key);
  if (found == table.end()) return "nothing";
  return fmt::format("\"{}\"", clean_text(found->second, 200));
}

Result<void> same(std::string_view what, const Table& manifest, const Table& tarball) {
  for (const Table* side : {&manifest, &tarball}) {
    for (const auto& [key, value] : *side) {
      const auto there = manifest.find(key);
      const auto here = tarball.find(key);
      if (there != manifest.end() && here != tarball.end() && there->second == here->second) {
        continue;
      }
      return confusion(fmt::format("{}.{}", what, clean_text(key, 214)), shown(manifest, key),
                       shown(tarball, key));
    }
  }
  return {};
}

Result<void> same_identity(const json::object& manifest, const json::object& package_json) {
  const auto name = text(manifest, "name");
  const auto packed_name = text(package_json, "name");
  if (!name || name != packed_name) {
    return refuse(PublishRefusal::name_mismatch,
                  fmt::format("The package.json in the tarball has the name \"{}\", the manifest "
                              "\"{}\".",
                              packed_name.value_or("(none)"), name.value_or("(none)")));
  }
  const auto version = text(manifest, "version");
  const auto packed_version = text(package_json, "version");
  // npm publishes 1.0.0+build.5 as 1.0.0 and leaves the tarball as it is.
  const auto clean = packed_version ? SemVer::clean(*packed_version) : std::nullopt;
  if (!version || !clean || clean->text() != *version) {
    return refuse(
        PublishRefusal::version_mismatch,
        fmt::format("The package.json in the tarball has the version \"{}\", the manifest "
                    "\"{}\".",
                    packed_version.value_or("(none)"), version.value_or("(none)")));
  }
  return {};
}

// directories.bin makes npm list every file below that directory under its own name.
bool from_bin_directory(const json::object& package_json, const Table& bin) {
  const json::value* directories = package_json.if_contains("directories");
  if (directories == nullptr || !directories->is_object() || package_json.contains("bin")) {
    return false;
  }
  const auto directory = text(directories->get_object(), "bin");
  if (!directory) return false;
  // The same cleaning as for any target.
  const InstallView cleaned =
      install_view({{"bin", json::object{{"x", *directory + "/x"}}}}, false);
  const std::string& sample = cleaned.bin.at("x");
  const std::string_view prefix = std::string_view(sample).substr(0, sample.size() - 1);
  for (const auto& [name, target] : bin) {
    if (!target.starts_with(prefix) || !target.ends_with("/" + name)) return false;
  }
  return true;
}

}  // namespace

Result<void> check_consistency(const json::object& manifest, const TarballContents& contents) {
  const json::object& package_json = contents.package_json;
  if (Result<void> ok = same_identity(manifest, package_json); !ok) return ok;
  const InstallView sent = install_view(manifest, contents.has_gyp);
  const InstallView packed = install_view(package_json, contents.has_gyp);
  if (Result<void> ok = same("scripts", sent.scripts, packed.scripts); !ok) return ok;
  if (Result<void> ok = same("dependencies", sent.dependencies, packed.dependencies); !ok)
    return ok;
  if (Result<void> ok =
          same("optionalDependencies", sent.optional_dependencies, packed.optional_dependencies);
      !ok) {
    return ok;
  }
  if (Result<void> ok = same("peerDependencies", sent.peer_dependencies, packed.peer_dependencies);
      !ok) {
    return ok;
  }
  if (sent.bundled != packed.bundled) {
    return confusion("bundleDependencies", fmt::format("{} packages", sent.bundled.size()),
                     fmt::format("{} packages, or others", packed.bundled.size()));
  }
  if (from_bin_directory(package_json, sent.bin)) return {};
  return same("bin", sent.bin, packed.bin);
}

}  // namespace imp::registry
