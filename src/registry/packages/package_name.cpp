#include "registry/packages/package_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "registry/packages/refusal.h"

namespace imp::registry {
namespace {

constexpr std::size_t kNewLimit = 214;
constexpr std::size_t kReadLimit = 512;

// What `require("node:module").builtinModules` lists: such a package could never be required.
constexpr std::array<std::string_view, 42> kNodeModules = {"assert",
                                                           "async_hooks",
                                                           "buffer",
                                                           "child_process",
                                                           "cluster",
                                                           "console",
                                                           "constants",
                                                           "crypto",
                                                           "dgram",
                                                           "diagnostics_channel",
                                                           "dns",
                                                           "domain",
                                                           "events",
                                                           "fs",
                                                           "http",
                                                           "http2",
                                                           "https",
                                                           "inspector",
                                                           "module",
                                                           "net",
                                                           "os",
                                                           "path",
                                                           "perf_hooks",
                                                           "process",
                                                           "punycode",
                                                           "querystring",
                                                           "readline",
                                                           "repl",
                                                           "stream",
                                                           "string_decoder",
                                                           "sys",
                                                           "timers",
                                                           "tls",
                                                           "trace_events",
                                                           "tty",
                                                           "url",
                                                           "util",
                                                           "v8",
                                                           "vm",
                                                           "wasi",
                                                           "worker_threads",
                                                           "zlib"};

bool alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool in(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

std::unexpected<Failure> invalid(std::string_view text, std::string_view why) {
  // The name is foreign text: only its first printable part goes into the sentence.
  std::string shown;
  for (char c : text.substr(0, 80)) shown += c > ' ' && c < 0x7f ? c : '?';
  return refuse(PackageRefusal::invalid_name,
                fmt::format("\"{}\" cannot be a package name: {}.", shown, why));
}

// A part that a path could be mistaken for is never a name, however old the package.
std::string_view part_fault(std::string_view part, std::string_view marks) {
  if (part.empty()) return "a part of it is empty";
  if (part.front() == '.') return "it starts with a dot";
  if (part == "-") return "\"-\" alone separates a package from its tarballs";
  if (!std::ranges::all_of(part, [&](char c) { return alphanumeric(c) || in(c, marks); })) {
    return "it holds a character that is not URL-safe";
  }
  return {};
}

struct Parts {
  std::string_view scope, base;
  std::size_t slash = 0;
};

Result<Parts> split(std::string_view text, std::size_t limit) {
  if (text.empty()) return invalid(text, "it is empty");
  if (text.size() > limit) {
    return invalid(text, fmt::format("it is longer than {} characters", limit));
  }
  Parts parts{{}, text, 0};
  if (text.front() != '@') return parts;
  parts.slash = text.find('/');
  if (parts.slash == std::string_view::npos) return invalid(text, "a scope needs a name after it");
  parts.scope = text.substr(1, parts.slash - 1);
  parts.base = text.substr(parts.slash + 1);
  return parts;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool reserved(std::string_view text) {
  const std::string name = lower(text);
  return name == "node_modules" || name == "favicon.ico";
}

}  // namespace

Result<PackageName> PackageName::for_new(std::string_view text) {
  const Result<Parts> parts = split(text, kNewLimit);
  if (!parts) return pass_on(parts);
  const bool scoped = parts->slash != 0;
  if (scoped) {
    if (const std::string_view fault = part_fault(parts->scope, "-_."); !fault.empty()) {
      return invalid(text, fault);
    }
  }
  if (const std::string_view fault = part_fault(parts->base, "-_."); !fault.empty()) {
    return invalid(text, fault);
  }
  if (!scoped && in(text.front(), "-_"))
    return invalid(text, "it starts with a hyphen or underscore");
  if (lower(text) != text) return invalid(text, "it has capital letters");
  if (reserved(text)) return invalid(text, "it is reserved");
  if (std::ranges::find(kNodeModules, text) != kNodeModules.end()) {
    return invalid(text, "it is the name of a module of Node.js");
  }
  return PackageName(text, parts->slash);
}

Result<PackageName> PackageName::for_read(std::string_view text) {
  const Result<Parts> parts = split(text, kReadLimit);
  if (!parts) return pass_on(parts);
  constexpr std::string_view marks = "-_.~'!()*";
  if (parts->slash != 0) {
    if (const std::string_view fault = part_fault(parts->scope, marks); !fault.empty()) {
      return invalid(text, fault);
    }
  } else if (in(text.front(), "-_")) {
    return invalid(text, "it starts with a hyphen or underscore");
  }
  if (const std::string_view fault = part_fault(parts->base, marks); !fault.empty()) {
    return invalid(text, fault);
  }
  if (reserved(text)) return invalid(text, "it is reserved");
  return PackageName(text, parts->slash);
}

std::string_view PackageName::scope() const {
  return scoped() ? std::string_view(text_).substr(1, slash_ - 1) : std::string_view();
}

std::string_view PackageName::base() const {
  return scoped() ? std::string_view(text_).substr(slash_ + 1) : std::string_view(text_);
}

std::string PackageName::escaped() const {
  std::string out = text_;
  if (scoped()) out.replace(slash_, 1, "%2f");
  return out;
}

std::string PackageName::purl(std::string_view version) const {
  if (!scoped()) return fmt::format("pkg:npm/{}@{}", text_, version);
  return fmt::format("pkg:npm/%40{}/{}@{}", scope(), base(), version);
}

std::string PackageName::tarball_file(std::string_view version) const {
  return fmt::format("{}-{}.tgz", base(), version);
}

std::string PackageName::tarball_path(std::string_view version) const {
  return fmt::format("/{}/-/{}-{}.tgz", text_, base(), version);
}

std::optional<std::string_view> PackageName::version_of_tarball(std::string_view file) const {
  return registry::version_of_tarball(text_, file);
}

bool is_scope(std::string_view text) {
  return text.size() > 1 && text.front() == '@' && !text.contains('/');
}

std::optional<std::string_view> version_of_tarball(std::string_view name, std::string_view file) {
  constexpr std::string_view suffix = ".tgz";
  const std::string_view base = name.substr(name.find('/') + 1);  // all of it when unscoped
  const std::size_t before = base.size() + 1;
  if (file.size() <= before + suffix.size() || !file.starts_with(base) || file[before - 1] != '-' ||
      !file.ends_with(suffix)) {
    return std::nullopt;
  }
  return file.substr(before, file.size() - before - suffix.size());
}

}  // namespace imp::registry
