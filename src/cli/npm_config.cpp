#include "cli/npm_config.h"

#include <filesystem>
#include <fstream>

extern char** environ;

namespace imp::cli {

namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r") + 1 - from);
}

/// A name that is not set stays as it is written, as in npm.
std::string with_variables(std::string_view text, const Environment& environment) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find("${");
    const std::size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    out += text.substr(0, open);
    const std::string_view whole = text.substr(open, close + 1 - open);
    out += environment(whole.substr(2, whole.size() - 3)).value_or(std::string(whole));
    text.remove_prefix(close + 1);
  }
  return out + std::string(text);
}

std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

/// The environment as a project's file may use it: with nothing of its person's in it that is good
/// for any registry.
Environment without_credentials(const Environment& environment) {
  return [&environment](std::string_view name) -> std::optional<std::string> {
    if (name == "IMPRIMATUR_TOKEN" || name == "NPM_ID_TOKEN") return std::nullopt;
    return environment(name);
  };
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    for (char** variable = environ; variable && *variable; ++variable) {
      const std::string_view line = *variable;
      if (line.starts_with(name) && line.substr(name.size()).starts_with('=')) {
        return std::string(line.substr(name.size() + 1));
      }
    }
    return std::nullopt;
  };
}

NpmConfig NpmConfig::read(const Environment& environment, const std::string& directory) {
  NpmConfig config;
  for (const char* name : {"npm_config_registry", "NPM_CONFIG_REGISTRY"}) {
    if (auto value = environment(name); value && !value->empty()) {
      config.entries_.push_back({"registry", std::move(*value), Origin::variable});
    }
  }
  std::string users = environment("HOME").value_or("") + "/.npmrc";
  for (const char* name : {"NPM_CONFIG_USERCONFIG", "npm_config_userconfig"}) {
    if (auto path = environment(name); path && !path->empty()) users = std::move(*path);
  }
  config.project_file_ = directory + "/.npmrc";
  // Somebody at home has no project: the file is theirs.
  std::error_code absent;
  if (!std::filesystem::equivalent(config.project_file_, users, absent)) {
    config.add_file(config.project_file_, Origin::project, without_credentials(environment));
  }
  config.add_file(users, Origin::person, environment);
  return config;
}

void NpmConfig::add_file(const std::string& path, Origin origin, const Environment& environment) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::string_view text = trimmed(line);
    const std::size_t equals = text.find('=');
    if (text.starts_with('#') || text.starts_with(';') || equals == std::string_view::npos) {
      continue;
    }
    std::string_view value = trimmed(text.substr(equals + 1));
    if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    entries_.push_back({with_variables(trimmed(text.substr(0, equals)), environment),
                        with_variables(value, environment), origin});
  }
}

std::optional<std::string> NpmConfig::value(std::string_view key, bool of_project) const {
  for (const Entry& entry : entries_) {
    if (entry.key == key && (of_project || entry.origin != Origin::project)) return entry.value;
  }
  return std::nullopt;
}

std::string NpmConfig::named_by_project_alone(std::string_view registry) const {
  bool of_project = false;
  for (const Entry& entry : entries_) {
    if (entry.key != "registry" || without_slash(entry.value) != registry) continue;
    if (entry.origin != Origin::project) return {};
    of_project = true;
  }
  return of_project && !token_of(registry, false) ? project_file_ : std::string();
}

std::optional<std::string> NpmConfig::registry() const {
  auto configured = value("registry");
  return configured ? std::optional(without_slash(std::move(*configured))) : std::nullopt;
}

std::optional<std::string> NpmConfig::token(std::string_view registry) const {
  return token_of(registry, true);
}

std::optional<std::string> NpmConfig::token_of(std::string_view registry, bool of_project) const {
  const std::size_t scheme = registry.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  std::string place = without_slash(std::string(registry.substr(scheme + 1)));
  while (place.size() > 2) {  // "//" has no host
    for (const char* ending : {"/:_authToken", ":_authToken"}) {
      if (auto token = value(place + ending, of_project); token && !token->empty()) return token;
    }
    const std::size_t slash = place.rfind('/');
    place.resize(slash < 2 ? 0 : slash);
  }
  return std::nullopt;
}

}  // namespace imp::cli
