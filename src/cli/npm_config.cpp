#include "cli/npm_config.h"

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
      config.entries_.push_back({"registry", std::move(*value)});
    }
  }
  std::string users = environment("HOME").value_or("") + "/.npmrc";
  for (const char* name : {"NPM_CONFIG_USERCONFIG", "npm_config_userconfig"}) {
    if (auto path = environment(name); path && !path->empty()) users = std::move(*path);
  }
  for (const std::string& path : {directory + "/.npmrc", users}) {
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
      config.entries_.push_back({with_variables(trimmed(text.substr(0, equals)), environment),
                                 with_variables(value, environment)});
    }
  }
  return config;
}

std::optional<std::string> NpmConfig::value(std::string_view key) const {
  for (const Entry& entry : entries_) {
    if (entry.key == key) return entry.value;
  }
  return std::nullopt;
}

std::optional<std::string> NpmConfig::registry() const {
  auto configured = value("registry");
  return configured ? std::optional(without_slash(std::move(*configured))) : std::nullopt;
}

std::optional<std::string> NpmConfig::token(std::string_view registry) const {
  const std::size_t scheme = registry.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  std::string place = without_slash(std::string(registry.substr(scheme + 1)));
  while (place.size() > 2) {  // "//" has no host
    for (const char* ending : {"/:_authToken", ":_authToken"}) {
      if (auto token = value(place + ending); token && !token->empty()) return token;
    }
    const std::size_t slash = place.rfind('/');
    place.resize(slash < 2 ? 0 : slash);
  }
  return std::nullopt;
}

}  // namespace imp::cli
