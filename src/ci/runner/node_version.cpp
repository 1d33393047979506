#include "ci/runner/node_version.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "ci/runner/refusals.h"

namespace imp::ci::runner {

namespace {

/// Digits without a sign or a leading zero, up to six.
std::optional<unsigned> number(std::string_view text) {
  if (text.empty() || text.size() > 6 || (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + separator.size());
  }
}

std::optional<VersionPattern> parse_pattern(std::string_view text) {
  const auto parts = split(text, ".");
  if (parts.size() > 3) return std::nullopt;
  VersionPattern out;
  const auto major = number(parts[0]);
  if (!major) return std::nullopt;
  out.major = *major;
  if (parts.size() > 1 && !(out.minor = number(parts[1]))) return std::nullopt;
  if (parts.size() > 2 && !(out.patch = number(parts[2]))) return std::nullopt;
  return out;
}

Version floor_of(const VersionPattern& pattern) {
  return {pattern.major, pattern.minor.value_or(0), pattern.patch.value_or(0)};
}

bool satisfies_one(const Version& version, std::string_view comparator) {
  std::string_view sign;
  for (std::string_view known : {">=", "<=", ">", "<", "=", "^", "~"}) {
    if (comparator.starts_with(known)) {
      sign = known;
      break;
    }
  }
  const auto pattern = parse_pattern(comparator.substr(sign.size()));
  if (!pattern) return false;
  const Version floor = floor_of(*pattern);
  if (sign.empty() || sign == "=") return pattern->matches(version);
  if (sign == "^") return version >= floor && version.major == floor.major;
  if (sign == "~") {
    return version >= floor && version.major == floor.major &&
           (!pattern->minor || version.minor == floor.minor);
  }
  if (sign == ">=") return version >= floor;
  if (sign == "<") return version < floor;
  if (sign == ">") return version > floor && !pattern->matches(version);
  return version <= floor || pattern->matches(version);
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  const auto pattern = parse_pattern(text);
  if (!pattern || !pattern->minor || !pattern->patch) return std::nullopt;
  return Version{pattern->major, *pattern->minor, *pattern->patch};
}

std::string to_string(const Version& version) {
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

bool VersionPattern::matches(const Version& version) const {
  return version.major == major && (!minor || version.minor == *minor) &&
         (!patch || version.patch == *patch);
}

bool is_node_image(std::string_view image) {
  return image.starts_with("cimg/node:") || image.find("/cimg/node:") != std::string_view::npos;
}

Result<VersionPattern> node_pattern(std::string_view image) {
  std::string_view tag = image.substr(image.rfind(':') + 1);
  // Variants (`-browsers`) add software, not another Node.
  tag = tag.substr(0, tag.find('-'));
  const auto pattern = parse_pattern(tag);
  if (pattern) return *pattern;
  return refuse(RunnerRefusal::toolchain_unavailable,
                fmt::format("The image {} names no Node version: use a tag with a number, such as "
                            "cimg/node:22.14.",
                            image));
}

bool satisfies(const Version& version, std::string_view range) {
  for (std::string_view alternative : split(range, "||")) {
    bool all = true;
    bool any = false;
    for (std::string_view comparator : split(alternative, " ")) {
      if (comparator.empty()) continue;
      any = true;
      all = all && satisfies_one(version, comparator);
    }
    if (any && all) return true;
  }
  return false;
}

std::optional<Version> newest_matching(const std::vector<Version>& versions,
                                       const VersionPattern& pattern) {
  std::optional<Version> out;
  for (const Version& version : versions) {
    if (pattern.matches(version) && (!out || version > *out)) out = version;
  }
  return out;
}

std::optional<Version> npm_for(const Version& node, const std::vector<NpmRelease>& releases) {
  const unsigned newest_line = node.major >= 24 ? 12 : 11;
  std::optional<Version> out;
  for (const NpmRelease& release : releases) {
    if (release.version.major > newest_line) continue;
    if (!release.node_range.empty() && !satisfies(node, release.node_range)) continue;
    if (!out || release.version > *out) out = release.version;
  }
  return out;
}

}  // namespace imp::ci::runner
