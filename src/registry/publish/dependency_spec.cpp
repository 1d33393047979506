#include "registry/publish/dependency_spec.h"

#include <algorithm>
#include <array>
#include <utility>

namespace imp::registry {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kShortcuts = {{
    {"github:", "github.com"},
    {"gitlab:", "gitlab.com"},
    {"bitbucket:", "bitbucket.org"},
    {"gist:", "gist.github.com"},
}};

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool known_host(std::string_view host) {
  return std::ranges::any_of(kShortcuts, [&](const auto& one) { return one.second == host; });
}

std::string repository(std::string_view host, std::string_view path) {
  std::string_view commit;
  if (const std::size_t hash = path.find('#'); hash != std::string_view::npos) {
    commit = path.substr(hash);
    path = path.substr(0, hash);
  }
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  std::string out(host);
  out += '/';
  out += path;
  if (commit.size() > 1) out += commit;
  return out;
}

// "u/r" and "u/r#x", but neither a path nor a scoped name nor a range.
bool bare_github(std::string_view spec) {
  const std::string_view path = spec.substr(0, spec.find('#'));
  const std::size_t slash = path.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == path.size()) return false;
  return path.find('/', slash + 1) == std::string_view::npos && path.front() != '@' &&
         path.front() != '.' && path.front() != '~' &&
         path.find_first_of(": \t<>=|") == std::string_view::npos;
}

}  // namespace

std::string normal_dependency(std::string_view spec) {
  spec = trim(spec);
  for (const auto& [prefix, host] : kShortcuts) {
    if (spec.starts_with(prefix)) return repository(host, spec.substr(prefix.size()));
  }
  if (bare_github(spec)) return repository("github.com", spec);

  std::string_view rest = spec;
  if (rest.starts_with("git+")) rest.remove_prefix(4);
  bool url = false;
  for (std::string_view scheme : {"git://", "ssh://", "https://", "http://"}) {
    if (rest.starts_with(scheme)) {
      rest.remove_prefix(scheme.size());
      url = true;
      break;
    }
  }
  // The part before '@' of an address says who fetches, not what; only "git" is without meaning.
  if (rest.starts_with("git@")) {
    rest.remove_prefix(4);
    url = true;
  }
  const std::size_t end = rest.find_first_of("/:");
  if (!url || end == std::string_view::npos || !known_host(rest.substr(0, end))) {
    return std::string(spec);
  }
  // An archive at such a host is a file, not the repository.
  const std::string_view path = rest.substr(end + 1);
  if (std::ranges::count(path.substr(0, path.find('#')), '/') != 1) return std::string(spec);
  return repository(rest.substr(0, end), path);
}

}  // namespace imp::registry
