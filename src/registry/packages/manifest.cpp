#include "registry/packages/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace imp::registry {
namespace {

namespace json = boost::json;

constexpr std::size_t kReadmeLimit = 64 * 1024;

// Keys that only the registry may set, whatever a package.json contains.
constexpr std::array<std::string_view, 8> kRegistryKeys = {
    "dist",         "deprecated",       "maintainers", "signatures",
    "attestations", "hasInstallScript", "readme",      "approver"};
constexpr std::array<std::string_view, 3> kClientUnderscoreKeys = {"_id", "_nodeVersion",
                                                                   "_npmVersion"};

constexpr std::array<std::string_view, 16> kAbbreviatedKeys = {"name",
                                                               "version",
                                                               "dependencies",
                                                               "acceptDependencies",
                                                               "optionalDependencies",
                                                               "devDependencies",
                                                               "bundleDependencies",
                                                               "peerDependencies",
                                                               "peerDependenciesMeta",
                                                               "bin",
                                                               "directories",
                                                               "engines",
                                                               "funding",
                                                               "cpu",
                                                               "os",
                                                               "libc"};

constexpr std::array<std::string_view, 8> kHoistedKeys = {"description", "author",  "contributors",
                                                          "repository",  "bugs",    "homepage",
                                                          "license",     "keywords"};

template <std::size_t n>
bool among(const std::array<std::string_view, n>& keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

bool client_may_set(std::string_view key) {
  if (key.starts_with('_')) return among(kClientUnderscoreKeys, key);
  return !among(kRegistryKeys, key);
}

std::string text_member(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Cuts at a character's beginning, so that the rest is still UTF-8.
std::string cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  text.resize(limit);
  return text;
}

bool empty_container(const json::value& value) {
  return (value.is_object() && value.get_object().empty()) ||
         (value.is_array() && value.get_array().empty());
}

json::object person(const Person& person) {
  json::object out{{"name", person.name}};
  if (!person.email.empty()) out["email"] = person.email;
  return out;
}

}  // namespace

CleanManifest clean_manifest(const json::object& sent, const PackageName& name,
                             std::string_view version) {
  CleanManifest out;
  for (const auto& [key, value] : sent) {
    if (client_may_set(key)) out.manifest.emplace(key, value);
  }
  out.manifest["name"] = name.text();
  out.manifest["version"] = version;
  out.manifest["_id"] = fmt::format("{}@{}", name.text(), version);
  out.readme = cut(text_member(sent, "readme"), kReadmeLimit);
  out.readme_filename = cut(text_member(sent, "readmeFilename"), 255);
  return out;
}

json::object abbreviate(const json::object& manifest, const TarballFacts& facts) {
  json::object out;
  for (std::string_view key : kAbbreviatedKeys) {
    const json::value* value = manifest.if_contains(key);
    if (value != nullptr && !empty_container(*value)) out.emplace(key, *value);
  }
  if (facts.has_shrinkwrap) out["_hasShrinkwrap"] = true;
  if (facts.has_install_script) out["hasInstallScript"] = true;
  return out;
}

json::object hoisted(const json::object& manifest) {
  json::object out;
  for (std::string_view key : kHoistedKeys) {
    if (const json::value* value = manifest.if_contains(key)) out.emplace(key, *value);
  }
  return out;
}

json::object dist(const TarballFacts& facts, const DistSignature& signature) {
  return {{"shasum", facts.shasum},
          {"integrity", facts.integrity},
          {"fileCount", facts.file_count},
          {"unpackedSize", facts.unpacked_size},
          {"signatures",
           json::array{json::object{{"keyid", signature.keyid}, {"sig", signature.signature}}}}};
}

json::object npm_user(const Publisher& publisher) {
  json::object out = person(publisher.person);
  if (publisher.trusted) {
    out["trustedPublisher"] =
        json::object{{"id", publisher.trusted->id}, {"oidcConfigId", publisher.trusted->config_id}};
  }
  if (publisher.approver) out["approver"] = person(*publisher.approver);
  return out;
}

json::array people(const std::vector<Person>& persons) {
  json::array out;
  for (const Person& one : persons) out.push_back(person(one));
  return out;
}

}  // namespace imp::registry
