#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "ci/runner/process.h"

extern char** environ;

namespace imp::ci::runner {

namespace {

constexpr std::string_view system_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

constexpr std::array<std::string_view, 6> general = {"PATH",   "HOME",   "LANG",
                                                     "LC_ALL", "TMPDIR", "TZ"};

/// How this machine reaches the network: proxies and the certificates it trusts.
constexpr std::array<std::string_view, 12> network = {
    "http_proxy",    "HTTP_PROXY",   "https_proxy",         "HTTPS_PROXY",
    "no_proxy",      "NO_PROXY",     "all_proxy",           "ALL_PROXY",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO"};

bool is_network(std::string_view name) {
  return std::find(network.begin(), network.end(), name) != network.end();
}

bool is_passed_on(std::string_view name) {
  return std::find(general.begin(), general.end(), name) != general.end() || is_network(name) ||
         name.starts_with("npm_config_") || name.starts_with("NPM_CONFIG_");
}

}  // namespace

std::vector<std::string> host_environment() {
  std::vector<std::string> out;
  bool path = false;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    if (!is_passed_on(name)) continue;
    path = path || name == "PATH";
    out.emplace_back(text);
  }
  if (!path) out.push_back("PATH=" + std::string(system_path));
  return out;
}

std::vector<std::string> network_environment() {
  std::vector<std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (is_network(text.substr(0, text.find('='))) && text.find('@') == std::string_view::npos) {
      out.emplace_back(text);
    }
  }
  return out;
}

std::optional<std::string> find_program(std::string_view name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment
  const char* own = std::getenv("PATH");
  std::string path = own == nullptr ? "" : own;
  path += ':';
  path += system_path;
  std::size_t start = 0;
  while (start < path.size()) {
    const std::size_t end = std::min(path.find(':', start), path.size());
    // Relative entries would make the answer depend on where the runner was started.
    if (path[start] == '/') {
      std::string candidate = path.substr(start, end - start) + "/" + std::string(name);
      if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    start = end + 1;
  }
  return std::nullopt;
}

}  // namespace imp::ci::runner
