#include "registry/review/manifest_changes.h"

#include <array>
#include <boost/json.hpp>
#include <set>
#include <string_view>

namespace imp::registry {

namespace {

struct Part {
  std::string_view key;   ///< of the manifest: an object of texts
  std::string_view what;  ///< what one of its members is called
};
constexpr std::array kParts = {Part{"scripts", "script"}, Part{"dependencies", "dependency"},
                               Part{"optionalDependencies", "optional dependency"},
                               Part{"peerDependencies", "peer dependency"}, Part{"bin", "program"}};
/// Told as a whole, whatever they hold: where code is entered, and what comes inside.
constexpr std::array<std::string_view, 10> kWhole = {"main",
                                                     "module",
                                                     "exports",
                                                     "imports",
                                                     "browser",
                                                     "type",
                                                     "license",
                                                     "bin",
                                                     "bundleDependencies",
                                                     "bundledDependencies"};

bool runs_at_install(std::string_view script) {
  return script == "preinstall" || script == "install" || script == "postinstall" ||
         script == "prepare";
}

std::string text_of(const boost::json::value* value) {
  if (!value || value->is_null()) return {};
  return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

const boost::json::object& object_at(const boost::json::object& manifest, std::string_view key) {
  static const boost::json::object none;
  const boost::json::value* value = manifest.if_contains(key);
  return value && value->is_object() ? value->get_object() : none;
}

}  // namespace

std::vector<ManifestChange> manifest_changes(const boost::json::object& before,
                                             const boost::json::object& after) {
  std::vector<ManifestChange> changes;
  for (const Part& part : kParts) {
    const auto& old_part = object_at(before, part.key);
    const auto& new_part = object_at(after, part.key);
    std::set<std::string> names;
    for (const auto& member : old_part) names.emplace(member.key());
    for (const auto& member : new_part) names.emplace(member.key());
    for (const std::string& name : names) {
      std::string was = text_of(old_part.if_contains(name));
      std::string is = text_of(new_part.if_contains(name));
      if (was == is) continue;
      changes.push_back({std::string(part.what) + " " + name, std::move(was), std::move(is),
                         part.key == "scripts" && runs_at_install(name)});
    }
  }
  // A "bin" with names was told above.
  const auto whole = [](const boost::json::object& manifest, std::string_view key) {
    const boost::json::value* value = manifest.if_contains(key);
    return key == "bin" && value && value->is_object() ? std::string() : text_of(value);
  };
  for (const std::string_view key : kWhole) {
    std::string was = whole(before, key);
    std::string is = whole(after, key);
    if (was != is) changes.push_back({std::string(key), std::move(was), std::move(is), false});
  }
  return changes;
}

}  // namespace imp::registry
