#include "registry/publish/install_view.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string_view>
#include <vector>

#include "registry/publish/dependency_spec.h"

namespace imp::registry {
namespace {

namespace json = boost::json;
using Table = std::map<std::string, std::string>;

const json::value* member(const json::object& object, std::string_view key) {
  return object.if_contains(key);
}

// npm cleans target paths as if the package's directory were the root: "./a/../b" is "b".
std::string inside_root(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find_first_of("/\\"), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string out;
  for (std::string_view part : parts) {
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

std::string base_name(std::string_view path) {
  const std::string inside = inside_root(path);
  std::string_view name = inside;
  // A drive letter's colon separates as well.
  return std::string(name.substr(name.find_last_of("/:") + 1));
}

void put_bin(Table& bin, std::string_view key, const json::value& target) {
  if (!target.is_string()) return;
  const std::string name = base_name(key);
  const std::string path = inside_root(target.get_string());
  if (!name.empty() && !path.empty()) bin[name] = path;
}

Table bins(const json::object& package_json) {
  Table out;
  const json::value* bin = member(package_json, "bin");
  if (bin == nullptr) return out;
  if (bin->is_string()) {
    const json::value* name = member(package_json, "name");
    if (name != nullptr && name->is_string()) put_bin(out, name->get_string(), *bin);
  } else if (bin->is_array()) {
    for (const json::value& target : bin->get_array()) {
      if (target.is_string()) put_bin(out, target.get_string(), target);
    }
  } else if (bin->is_object()) {
    for (const auto& [key, target] : bin->get_object()) put_bin(out, key, target);
  }
  return out;
}

// "left-pad@^1", "left-pad >=1", "@a/b": how dependencies were once listed.
void put_listed(Table& out, std::string_view entry) {
  const std::size_t end = entry.find_first_of("@ ><=", entry.starts_with('@') ? 1 : 0);
  if (end == std::string_view::npos) {
    if (!entry.empty()) out[std::string(entry)] = "";
    return;
  }
  std::string_view spec = entry.substr(end);
  if (spec.starts_with('@')) spec.remove_prefix(1);
  out[std::string(entry.substr(0, end))] = normal_dependency(spec);
}

Table dependencies(const json::object& package_json, std::string_view key) {
  Table out;
  const json::value* value = member(package_json, key);
  if (value == nullptr) return out;
  if (value->is_object()) {
    for (const auto& [name, spec] : value->get_object()) {
      if (spec.is_string()) out[std::string(name)] = normal_dependency(spec.get_string());
    }
  } else if (value->is_array()) {
    for (const json::value& entry : value->get_array()) {
      if (entry.is_string()) put_listed(out, entry.get_string());
    }
  } else if (value->is_string()) {
    std::string_view text = value->get_string();
    while (!text.empty()) {
      const std::size_t end = std::min(text.find_first_of(" ,\t\r\n"), text.size());
      put_listed(out, text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  return out;
}

std::set<std::string> bundled(const json::object& package_json, const Table& all) {
  std::set<std::string> out;
  const json::value* value = member(package_json, "bundleDependencies");
  if (value == nullptr) value = member(package_json, "bundledDependencies");
  if (value == nullptr) return out;
  if (value->is_bool() && value->get_bool()) {
    for (const auto& [name, spec] : all) out.insert(name);
  } else if (value->is_array()) {
    for (const json::value& name : value->get_array()) {
      if (name.is_string() && !name.get_string().empty()) out.emplace(name.get_string());
    }
  } else if (value->is_object()) {
    for (const auto& [name, unused] : value->get_object()) out.emplace(name);
  }
  return out;
}

std::string without_bin_directory(std::string_view script) {
  std::string_view rest = script;
  if (rest.starts_with("./") || rest.starts_with(".\\")) rest.remove_prefix(2);
  for (std::string_view prefix : {"node_modules/.bin/", "node_modules\\.bin\\"}) {
    if (rest.starts_with(prefix)) return std::string(rest.substr(prefix.size()));
  }
  return std::string(script);
}

Table install_scripts(const json::object& package_json, bool implied_install) {
  Table out;
  const json::value* scripts = member(package_json, "scripts");
  if (scripts != nullptr && scripts->is_object()) {
    for (std::string_view key : {"preinstall", "install", "postinstall"}) {
      const json::value* script = member(scripts->get_object(), key);
      if (script == nullptr || !script->is_string() || script->get_string().empty()) continue;
      out[std::string(key)] = without_bin_directory(script->get_string());
    }
  }
  const json::value* gyp = member(package_json, "gypfile");
  const bool declined = gyp != nullptr && gyp->is_bool() && !gyp->get_bool();
  if (implied_install && !declined && !out.contains("install") && !out.contains("preinstall")) {
    out["install"] = "node-gyp rebuild";
  }
  return out;
}

}  // namespace

InstallView install_view(const json::object& package_json, bool implied_install) {
  InstallView out;
  out.scripts = install_scripts(package_json, implied_install);
  out.dependencies = dependencies(package_json, "dependencies");
  out.optional_dependencies = dependencies(package_json, "optionalDependencies");
  out.peer_dependencies = dependencies(package_json, "peerDependencies");
  out.bundled = bundled(package_json, out.dependencies);
  // npm adds a bundled package that is no dependency, as one of any version.
  for (const std::string& name : out.bundled) out.dependencies.try_emplace(name, "*");
  for (const auto& [name, spec] : out.optional_dependencies) out.dependencies.erase(name);
  out.bin = bins(package_json);
  return out;
}

}  // namespace imp::registry
