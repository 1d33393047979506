#include "registry/trust/permissions.h"

#include <array>
#include <boost/json.hpp>

#include "registry/trust/refusal.h"

namespace imp::trust {

namespace {

struct Name {
  std::string_view name;
  bool Permissions::* member;
};
constexpr std::array kNames = {Name{"createPackage", &Permissions::create_package},
                               Name{"createStagedPackage", &Permissions::create_staged_package},
                               Name{"manageDistTags", &Permissions::manage_dist_tags}};

bool set(Permissions& permissions, std::string_view name) {
  for (const Name& known : kNames) {
    if (known.name != name) continue;
    permissions.*known.member = true;
    return true;
  }
  return false;
}

}  // namespace

Result<Permissions> Permissions::parse(const boost::json::value* permissions) {
  constexpr std::string_view allowed = "createPackage, createStagedPackage and manageDistTags";
  if (!permissions || !permissions->is_array() || permissions->as_array().empty()) {
    return refuse(
        TrustRefusal::invalid_permissions,
        fmt::format("permissions is required and must contain at least one of {}.", allowed));
  }
  Permissions parsed;
  for (const boost::json::value& item : permissions->as_array()) {
    if (!item.is_string() || !set(parsed, item.as_string())) {
      return refuse(TrustRefusal::invalid_permissions,
                    fmt::format("permissions contains {}; known are {}.",
                                boost::json::serialize(item), allowed));
    }
  }
  if (parsed.create_package) parsed.create_staged_package = true;
  return parsed;
}

boost::json::array Permissions::to_json() const {
  boost::json::array names;
  for (const Name& known : kNames) {
    if (this->*known.member) names.emplace_back(known.name);
  }
  return names;
}

std::string Permissions::stored() const {
  std::string text;
  for (const Name& known : kNames) {
    if (!(this->*known.member)) continue;
    if (!text.empty()) text += ',';
    text += known.name;
  }
  return text;
}

Permissions Permissions::parse_stored(std::string_view text) {
  Permissions permissions;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    set(permissions, text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return permissions;
}

}  // namespace imp::trust
