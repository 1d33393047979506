#include "ci/projects/slug.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "ci/projects/project.h"

namespace imp::ci {
namespace {

bool is_part(std::string_view text) {
  if (text.empty() || text.size() > 100 || text == "." || text == "..") return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view short_provider(std::string_view provider) {
  if (provider == "github") return "gh";
  if (provider == "bitbucket") return "bb";
  return provider;
}

bool is_host(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  if (!is_part(host)) return false;
  // Origins are compared byte by byte by relying parties: one spelling of a host, not several.
  if (std::ranges::any_of(host, [](char c) { return c >= 'A' && c <= 'Z'; })) return false;
  if (colon == std::string_view::npos) return true;
  const std::string_view port = text.substr(colon + 1);
  return !port.empty() && port.size() <= 5 &&
         std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
}

std::string lower_ascii(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return result;
}

}  // namespace

Result<ProjectSlug> parse_project_slug(std::string_view text) {
  const auto parts = split(text, '/');
  const std::string_view provider = parts.size() == 3 ? short_provider(parts[0]) : "";
  constexpr std::array<std::string_view, 3> providers{"circleci", "gh", "bb"};
  if (std::ranges::find(providers, provider) == providers.end() || !is_part(parts[1]) ||
      !is_part(parts[2])) {
    return refuse(ProjectRefusal::invalid_project_slug,
                  "A project slug has the form circleci/<organization>/<project>, "
                  "gh/<organization>/<repository> or bb/<organization>/<repository>.");
  }
  return ProjectSlug{std::string(provider), std::string(parts[1]), std::string(parts[2])};
}

Result<void> check_project_name(std::string_view name) {
  if (is_part(name) && name.front() != '-' && !name.ends_with(".git")) return {};
  return refuse(ProjectRefusal::invalid_project_name,
                "A project name is 1 to 100 letters, digits, '.', '_' and '-'; it does not begin "
                "with '-' or end with \".git\".");
}

Result<void> check_vcs_origin(std::string_view origin) {
  const auto invalid = [&](std::string_view what) {
    return refuse(
        ProjectRefusal::invalid_vcs_origin,
        fmt::format("The VCS origin {}; it looks like \"github.com/acme/widgets\".", what));
  };
  if (origin.find("://") != std::string_view::npos) return invalid("has no scheme");
  if (origin.find('@') != std::string_view::npos) return invalid("names no user");
  if (origin.ends_with(".git")) return invalid("does not end with \".git\"");
  const auto parts = split(origin, '/');
  if (parts.size() < 3 || origin.size() > 500) {
    return invalid("has a host and at least two path segments");
  }
  if (!is_host(parts[0])) return invalid("begins with a host name in lower case");
  if (!std::ranges::all_of(parts.begin() + 1, parts.end(), is_part)) {
    return invalid("has path segments of letters, digits, '.', '_' and '-'");
  }
  return {};
}

Result<std::string> vcs_origin_of(std::string_view repository_url) {
  const auto invalid = [] {
    return refuse(ProjectRefusal::invalid_repository_url,
                  "The repository URL is https://<host>/<path>, ssh://<host>/<path> or "
                  "git@<host>:<path>.");
  };
  std::string_view rest = repository_url;
  const std::size_t scheme = rest.find("://");
  const bool scp_form = scheme == std::string_view::npos;
  if (!scp_form) {
    constexpr std::array<std::string_view, 4> schemes{"https", "http", "ssh", "git"};
    if (std::ranges::find(schemes, rest.substr(0, scheme)) == schemes.end()) return invalid();
    rest.remove_prefix(scheme + 3);
  }
  const std::size_t host_end = rest.find_first_of(scp_form ? ":" : "/");
  if (host_end == std::string_view::npos) return invalid();
  std::string_view host = rest.substr(0, host_end);
  std::string_view path = rest.substr(host_end + 1);
  if (const std::size_t end = host.rfind('@'); end != std::string_view::npos) {
    const std::string_view user = host.substr(0, end);
    const bool ssh = scp_form || repository_url.starts_with("ssh://");
    if (!ssh || !is_part(user) || user.front() == '-') {
      return refuse(ProjectRefusal::invalid_repository_url,
                    "The repository URL holds a user name or password, which every member of the "
                    "organization would see; leave it out. Only ssh URLs name a user, such as "
                    "git@<host>:<path>.");
    }
    host.remove_prefix(end + 1);
  }
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  std::string origin = lower_ascii(host) + "/" + std::string(path);
  if (auto checked = check_vcs_origin(origin); !checked) return invalid();
  return origin;
}

}  // namespace imp::ci
